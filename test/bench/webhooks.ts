import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type OrderId, shardOf } from '../../src/ids.ts'
import { paise } from '../../src/money.ts'
import { appendEvent } from '../../src/payments/events.ts'
import { touch } from '../../src/payments/orders.ts'
import { pay } from '../../src/payments/pay.ts'
import type { World } from '../../src/payments/world.ts'
import { announceOnce } from '../../src/webhooks/announce.ts'
import { openLine } from '../../src/webhooks/deliver.ts'
import { openPostman } from '../../src/webhooks/deliver-due.ts'
import { addEndpoint } from '../../src/webhooks/keep-endpoints.ts'
import { engines } from '../databases.ts'
import { anOrder, aStart, by, openWorld } from '../world.ts'

/**
 * `node test/bench/webhooks.ts`: events at a steady rate, and all at once, to one quick endpoint in
 * a process of its own. Each event is of an order of its own, which is read, rendered and signed.
 */
const { values: options } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '5' },
    engine: { type: 'string', default: 'sqlite' },
    receive: { type: 'boolean', default: false },
  },
})
const rate = Number(options.rate)
const count = rate * Number(options.seconds)

async function receive(): Promise<void> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('ok'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.((server.address() as AddressInfo).port)
}

/** As the chores' loops do: at once again while there is something to do, else after a rest. */
function loop(work: () => Promise<number>): () => Promise<void> {
  let stopped = false
  const running = (async () => {
    while (!stopped) if ((await work()) === 0) await sleep(250)
  })()
  return async () => {
    stopped = true
    await running
  }
}

async function bench(): Promise<void> {
  const engine = engines.find(({ name }) => name === options.engine)
  assert(engine, 'sqlite or postgres')
  const receiver = fork(fileURLToPath(import.meta.url), ['--receive'])
  const [port] = await once(receiver, 'message')
  const at = await openWorld(engine)
  const ids = Array.from({ length: count }, (_, i) => `order-${i}`)
  await Promise.all(
    ids.map(async (id) => {
      await anOrder(at, id)
      at.script.push({ kind: 'charged', said: { ref: 'pay_1' }, amount: paise(10_000) })
      await pay(at.world, at.merchant, aStart(at, id))
    }),
  )
  const world: World = { ...at.world, now: Date.now, sleep: (ms) => sleep(ms), luck: Math.random }
  const said = {
    url: `http://127.0.0.1:${port}/`,
    events: ['ORDER_SUCCEEDED'],
    headers: {},
  } as const
  await addEndpoint(world, at.merchant.id, { said, now: Date.now(), actor: 'bench' })

  const begun = new Map<string, number>()
  const times: number[] = []
  let arrived = Promise.withResolvers<void>()
  const line = openLine('sandbox')
  const timed: typeof line = {
    ...line,
    post: async (post) => {
      const reply = await line.post(post)
      const id = /"order_id":"([^"]+)"/.exec(post.body)?.[1] ?? ''
      times.push(performance.now() - (begun.get(id) ?? 0))
      if (times.length === count) arrived.resolve()
      return reply
    },
  }
  const postman = openPostman(world, timed)
  const onError = (error: unknown) => {
    throw error
  }
  const stops = [loop(() => announceOnce(world, onError)), loop(() => postman.once(onError))]
  const happen = (id: string) => {
    const orderId = id as OrderId
    const key = { shard: shardOf(at.merchant.id, orderId), merchant: at.merchant.id, orderId }
    begun.set(id, performance.now())
    return world.db.tx(async (t) => {
      const touched = await touch(t, key)
      assert(touched)
      const body = { to: 'CHARGED', captured: 10_000 }
      appendEvent(t, key, { seq: touched.seq, kind: 'status_changed', at: Date.now(), by, body })
    })
  }
  let cpu = process.cpuUsage()
  const tell = (what: string, ms: number) => {
    const used = process.cpuUsage(cpu)
    const cpuMs = (used.user + used.system) / 1_000 / count
    times.sort((a, b) => a - b)
    const share = (part: number) => Math.round(times[Math.floor(times.length * part)] ?? 0)
    const perSecond = Math.round(count / (ms / 1_000))
    process.stdout.write(
      `${what}: ${count} events, ${perSecond}/s; event to acknowledgement p50 ${share(0.5)} ms, ` +
        `p99 ${share(0.99)} ms; ${cpuMs.toFixed(2)} ms of CPU each\n`,
    )
    cpu = process.cpuUsage()
  }

  let start = performance.now()
  const writes: Promise<void>[] = []
  for (let done = 0; done < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - start) / 1_000) * rate))
    for (; done < due; done++) writes.push(happen(ids[done] ?? ''))
    await sleep(5)
  }
  await Promise.all([...writes, arrived.promise])
  tell(`${rate}/s`, performance.now() - start)

  times.length = 0
  arrived = Promise.withResolvers<void>()
  start = performance.now()
  await Promise.all([...ids.map(happen), arrived.promise])
  tell('all at once', performance.now() - start)

  for (const stop of stops) await stop()
  await postman.settled()
  line.close()
  receiver.kill()
  await at.database.close()
}

await (options.receive ? receive() : bench())
