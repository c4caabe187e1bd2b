import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { engines } from '../databases.ts'
import { endure } from '../rotation.ts'

/**
 * `node test/bench/rotation.ts`: stored cards come under new keys beside a server that takes
 * payments, with kills of both, and all that this promises is checked.
 */
const { values: options } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    cards: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '50' },
  },
})
const engine = engines.find(({ name }) => name === options.engine)
assert(engine, 'sqlite or postgres')
const cards = Number(options.cards)
const paymentsPerSecond = Number(options.rate)
const load = { engine, cards, paymentsPerSecond, atLeastMs: 20_000 }
const survived = await endure({ ...load, kills: 5, serverKills: [1, 3] })
const { rotationMs, payments, p50, p99, longest, interrupted } = survived
const seconds = (rotationMs / 1_000).toFixed(1)
const [middle, most, all] = [p50, p99, longest].map(Math.round)
process.stdout.write(
  `${engine.name}: ${cards} cards under new keys in ${seconds} s, with 5 kills of the rotation ` +
    `and 2 of the server; meanwhile ${payments} payments at ${paymentsPerSecond}/s, all paid ` +
    `once: p50 ${middle} ms, p99 ${most} ms, longest ${all} ms ` +
    `(${interrupted} of them through a kill)\n`,
)
