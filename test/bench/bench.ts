import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run, type Spawned } from '../support.ts'
import { routingLine } from './routing.ts'
import { type Answers, payOnce, type Shop } from './shopper.ts'
import { type Line, openLine } from './wire.ts'

/**
 * `npm run bench`: complete payments over real sockets, and the same calls to a bare Fastify server
 * for comparison. Both servers run for the same time by turns, so that a busy machine is fair.
 */
const { values: options } = parseArgs({
  options: {
    shoppers: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
  },
})
const shoppers = Number(options.shoppers)
const seconds = Number(options.seconds)
const rounds = Number(options.rounds)
const shop: Shop = { merchant: 'demo', key: 'bench_key_of_the_demo_shop' }

/** What one round found. */
interface Round {
  readonly payments: number
  readonly perSecond: number
  readonly times: readonly number[]
}

async function shopFor(port: number, prefix: string): Promise<Round> {
  const lines = await Promise.all(Array.from({ length: shoppers }, () => openLine(port)))
  const times: number[] = []
  const start = performance.now()
  const end = start + seconds * 1_000
  const shopper = async (line: Line, who: number) => {
    for (let n = 0; performance.now() < end; n++) {
      const began = performance.now()
      await payOnce(line, shop, `${prefix}-${who}-${n}`)
      times.push(performance.now() - began)
    }
  }
  await Promise.all(lines.map(shopper))
  const took = (performance.now() - start) / 1_000
  for (const line of lines) line.close()
  return { payments: times.length, perSecond: times.length / took, times }
}

async function portOf(server: Spawned, pattern: RegExp): Promise<number> {
  const [, port] = await server.saying(pattern)
  return Number(port)
}

async function firstAnswers(port: number): Promise<Answers> {
  const line = await openLine(port)
  const answers = await payOnce(line, shop, 'first')
  line.close()
  return answers
}

function median(values: readonly number[]): number {
  return at(values, 0.5)
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function peakMegabytes(server: Spawned): number {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024)
}

const dataDir = mkdtempSync(join(tmpdir(), 'directotp-bench-'))
const ours = run('src/main.ts', ['serve'], {
  PORT: '0',
  DATA_DIR: dataDir,
  BANK_BOOK: 'memory',
  LOG_LEVEL: 'warn',
  DEMO_API_KEY: shop.key,
})
const oursPort = await portOf(ours, /Base URL +http:\/\/[^:]+:(\d+)/)
const bare = run('test/bench/bare.ts', [JSON.stringify(await firstAnswers(oursPort))], {})
const barePort = await portOf(bare, /listening (\d+)/)

const found: { ours: Round; bare: Round }[] = []
for (let round = 0; round <= rounds; round++) {
  const pair = {
    ours: await shopFor(oursPort, `r${round}`),
    bare: await shopFor(barePort, `r${round}`),
  }
  // The first round only warms both up.
  if (round > 0) found.push(pair)
}
const memory = { ours: peakMegabytes(ours), bare: peakMegabytes(bare) }
ours.child.kill('SIGTERM')
bare.child.kill('SIGTERM')
await Promise.all([ours.ended, bare.ended])
rmSync(dataDir, { recursive: true })

const times = found.flatMap((pair) => pair.ours.times)
const rate = median(found.map((pair) => pair.ours.perSecond))
const bareRate = median(found.map((pair) => pair.bare.perSecond))
const print = (text: string) => process.stdout.write(`${text}\n`)
print(`${shoppers} shoppers, ${rounds} rounds of ${seconds} s; a payment is 4 calls`)
print(`payments/s  ${rate.toFixed(0)}  (${(4 * rate).toFixed(0)} calls/s)`)
print(`p50         ${at(times, 0.5).toFixed(1)} ms a payment`)
print(`p99         ${at(times, 0.99).toFixed(1)} ms a payment`)
print(`memory      ${memory.ours} MB at its peak (bare: ${memory.bare} MB)`)
print(`bare route  ${(4 * bareRate).toFixed(0)} calls/s`)
print(`ratio ${(rate / bareRate).toFixed(2)}`)
print(routingLine())
