import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { OrderKey } from '../../src/payments/orders.ts'
import { engines } from '../databases.ts'
import { check, checkTheEnd } from './laws.ts'
import { take, workOnce } from './play.ts'
import { atBank, openStage, type Stage } from './stage.ts'
import { create, mood, type Step, start, steps, submit } from './step.ts'

/** How many stories are played: PostgreSQL takes a network's way to each row. */
const stories = {
  sandbox: { sqlite: 2_000, postgres: 100 },
  // A live server has one duty more: it forgets cards.
  live: { sqlite: 150, postgres: 20 },
} as const
const modes = ['sandbox', 'live'] as const
const seed = 20_261_122
const longestStory = 16

/** Where stories begin: at a challenge, held money, taken money, or money that will come late. */
const beginnings = fc.constantFrom(
  [create(100), start('OTP')],
  [create(100), start('OTP'), submit(0, { hold: true })],
  [create(100), start('OTP'), submit(0, { hold: false })],
  [
    ...[create(100), start('OTP'), start('OTP'), mood('late_success', 'otp')],
    ...[submit(0, { hold: false }), submit(1, { hold: false })],
  ],
)

/** What the stories know of the order that they are about. */
interface Story {
  readonly key: OrderKey
}

/** A step as fast-check plays it: always possible, and all laws hold after it. */
function commandOf(step: Step): fc.AsyncCommand<Story, Stage> {
  return {
    check: () => true,
    run: async ({ key }, stage) => {
      await take(stage, key, step)
      await check(stage, key)
    },
    toString: () => JSON.stringify(step),
  }
}

for (const [engine, mode] of engines.flatMap((one) => modes.map((mode) => [one, mode] as const))) {
  describe(`stories in ${mode} mode on ${engine.name}`, () => {
    let stage: Stage
    before(async () => {
      stage = await openStage(engine, mode)
    })
    after(() => stage.close())

    test('money is taken once, given back once, and server, bank and shop agree', async () => {
      const told = fc.commands(
        steps.map((step) => step.map(commandOf)),
        { maxCommands: longestStory },
      )
      const play = fc.asyncProperty(beginnings, told, async (beginning, commands) => {
        const key = await stage.newStory()
        for (const step of beginning) await take(stage, key, step)
        await fc.asyncModelRun(() => ({ model: { key }, real: stage }), commands)
        await calmDown(stage)
        await check(stage, key)
        await checkTheEnd(stage, key)
      })
      await fc.assert(play, { numRuns: stories[mode][engine.name], seed, endOnFailure: true })
    })
  })
}

/** Everybody behaves, and time passes until nothing is awaited. */
async function calmDown(stage: Stage): Promise<void> {
  await atBank(stage, 'DELETE', '/moods')
  Object.assign(stage.fate, { crash: undefined, up: true })
  for (let pass = 0; pass < 200; pass++) {
    const dueAt = await nextDue(stage)
    if (dueAt === undefined) return
    const advance_ms = Math.max(0, dueAt - stage.world.now())
    await atBank(stage, 'POST', '/clock', { advance_ms })
    await workOnce(stage)
  }
  assert.fail('something is awaited for ever')
}

/** When the clock has something to do; what is due at a paused endpoint waits for the pause. */
async function nextDue({ world }: Stage): Promise<number | undefined> {
  const texts = [
    'select min(due_at) as due_at from txns',
    'select min(due_at) as due_at from refunds',
    'select min(due_at) as due_at from events',
    `select min(case when paused_until > due_at then paused_until else due_at end) as due_at
     from deliveries d join endpoints e on e.merchant = d.merchant and e.id = d.endpoint
     where due_at is not null`,
  ]
  const times = await Promise.all(
    texts.map(async (text) => (await world.db.read(text))[0]?.['due_at'] ?? undefined),
  )
  const due = times.filter((time) => time !== undefined).map(Number)
  return due.length === 0 ? undefined : Math.min(...due)
}
