import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { type GatewayName, gatewayNamed, gateways } from './catalog.ts'
import type { Gateway, RefundVerdict, Reply, Verdict } from './gateway.ts'

/** One canned answer: `<gateway>.replies/*.json`. */
interface Canned {
  readonly question: string
  readonly reply: Reply
  readonly verdict: Verdict | RefundVerdict
}

const names = Object.keys(gateways) as GatewayName[]

type Hear = (reply: Reply) => Verdict | RefundVerdict

function questionsOf(gateway: Gateway): [string, Hear][] {
  const found: [string, Hear][] = []
  for (const [name, question] of Object.entries(gateway)) {
    if (typeof question === 'object' && 'hear' in question) found.push([name, question.hear])
  }
  return found
}

async function cannedOf(name: GatewayName): Promise<[string, Canned][]> {
  const folder = new URL(`${name}.replies/`, import.meta.url)
  const files = await readdir(folder)
  return Promise.all(
    files.map(async (file) => [file, JSON.parse(await readFile(new URL(file, folder), 'utf8'))]),
  )
}

for (const name of names) {
  const questions = questionsOf(gatewayNamed(name))

  test(`${name} hears each canned answer rightly`, async () => {
    const canned = await cannedOf(name)
    for (const [file, { question, reply, verdict }] of canned) {
      const [, hear] = questions.find(([known]) => known === question) ?? []
      assert(hear, `${file}: there is no question ${question}`)
      assert.deepEqual(hear(reply), verdict, file)
    }
    for (const [question] of questions) {
      assert(
        canned.some(([, one]) => one.question === question),
        `no answer to ${question}`,
      )
    }
  })

  test(`${name} takes nonsense for unknown, whatever was asked`, () => {
    const nonsense = fc.record({
      kind: fc.constant('answer' as const),
      status: fc.integer({ min: 100, max: 599 }),
      body: fc.oneof(fc.string(), fc.json(), fc.constant('<html></html>'), fc.constant('')),
    })
    for (const [, hear] of questions) {
      fc.assert(
        fc.property(nonsense, (reply) => {
          assert.equal(hear(reply).kind, 'unknown')
        }),
      )
    }
  })
}
