import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type GatewayName, gateways } from '../../src/gateways/catalog.ts'
import { engines } from '../databases.ts'
import { openStreet, type Street } from './matrix-shop.ts'
import { lostStories } from './matrix-stories-lost.ts'
import { moneyStories } from './matrix-stories-money.ts'
import { newsStories } from './matrix-stories-news.ts'
import { otpStories } from './matrix-stories-otp.ts'
import type { Story } from './matrix-story.ts'
import { endWell, type Known, searchAll } from './matrix-truth.ts'

const stories: readonly Story[] = [...otpStories, ...lostStories, ...moneyStories, ...newsStories]
const names = Object.keys(gateways) as GatewayName[]

/** What became of each story at each gateway: `yes`, or what the gateway is without. */
const told = new Map(stories.map(({ name }) => [name, new Map<GatewayName, string>()]))

describe('every story at every gateway', { concurrency: true }, () => {
  for (const engine of engines) {
    for (const name of names) {
      describe(`${name} on ${engine.name}`, { concurrency: 1 }, () => {
        let street: Street
        const known: Known[] = []

        before(async () => {
          street = await openStreet(engine)
        })
        after(() => street.close())

        for (const story of stories) {
          test(story.name, async () => {
            const shop = await street.open(name, story.holds)
            known[0] ??= shop.fake
            try {
              const missing = story.lacks?.(shop)
              const seen = told.get(story.name)
              seen?.set(name, 'FAILED')
              const play = missing === undefined ? story.play : story.instead
              if (play) {
                const { order, outside } = await play(shop)
                await endWell(shop, order, outside)
              }
              seen?.set(name, missing ?? 'yes')
            } finally {
              await shop.close()
            }
          })
        }

        test('no secret is anywhere in the database', () => searchAll(street.world.db, known))
      })
    }
  }
})

after(() => {
  const rows = [...told].map(([story, by]) => [story, ...names.map((name) => by.get(name) ?? '')])
  const table = [['', ...names], ...rows]
  const widths = ['', ...names].map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0)))
  for (const row of table) {
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
})

test('the stories have different names', () => {
  assert.equal(told.size, stories.length)
})
