import assert from 'node:assert/strict'
import type { Engine } from '../../test/support.ts'
import { anOrder, aStart, by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import { type OrderId, shardOf } from '../ids.ts'
import type { AuditedBy } from '../merchants/do-audited.ts'
import { paise } from '../money.ts'
import { appendEvent, type EventKind, type NewEvent } from '../payments/events.ts'
import { touch } from '../payments/orders.ts'
import { pay } from '../payments/pay.ts'
import { announceOnce } from './announce.ts'
import type { Line, Post, Reply } from './deliver.ts'
import { openPostman, type Postman } from './deliver-due.ts'
import { deliveriesOfOrder } from './deliveries.ts'
import type { Delivery } from './delivery.ts'
import { type EndpointText, readEndpoint } from './endpoint.ts'
import { addEndpoint, type WithSecret } from './keep-endpoints.ts'

/** A world whose webhooks arrive in a list, and are answered as a test says. */
export interface Postbox extends ScriptedWorld {
  readonly posts: Post[]
  /** Answers the posts; 200 unless a test puts something else here. */
  answer: (post: Post) => Required<Reply> | Promise<Required<Reply>>
  readonly line: Line
  readonly postman: Postman
  readonly add: (text?: Partial<EndpointText>) => Promise<WithSecret>
  /** Announces and sends until nothing is due at this moment. */
  readonly run: () => Promise<void>
  readonly orderKey: (id: string) => ReturnType<typeof keyOf>
  readonly deliveries: (orderId: string) => Promise<Delivery[]>
}

/** What a receiver sees of a post. */
export function seen(post: Post) {
  const body = JSON.parse(post.body)
  return { id: String(body.id), name: String(body.event_name), sequence: body.sequence, body }
}

const keyOf = ({ merchant }: ScriptedWorld, id: string) => {
  const orderId = id as OrderId
  return { shard: shardOf(merchant.id, orderId), merchant: merchant.id, orderId }
}

/** A world with an empty postbox. */
export async function openPostbox(engine: Engine): Promise<Postbox> {
  const at = await openWorld(engine)
  const posts: Post[] = []
  const line: Line = {
    mode: 'sandbox',
    now: () => at.clock.now,
    resolve: async () => ['127.0.0.1'],
    post: async (post) => {
      posts.push(post)
      return box.answer(post)
    },
    after: () => () => {},
    close: () => {},
  }
  const postman = openPostman(at.world, line)
  const box: Postbox = {
    ...at,
    posts,
    line,
    postman,
    answer: () => ({ status: 200, answer: 'ok' }),
    add: async (text = {}) => {
      const said = readEndpoint({ url: 'http://hook.example/', headers: {}, ...text }, 'sandbox')
      assert(!('wrong' in said), 'wrong' in said ? said.wrong : '')
      return addEndpoint(at.world, at.merchant.id, { said, now: at.clock.now, actor: 'test' })
    },
    run: async () => {
      for (let done = 1; done > 0; ) {
        done = await announceOnce(at.world, assert.ifError)
        done += await postman.once(assert.ifError)
        await postman.settled()
      }
    },
    orderKey: (id) => keyOf(at, id),
    deliveries: (id) => deliveriesOfOrder(at.world.db.read, keyOf(at, id), 1_000),
  }
  return box
}

/** An order that has been paid. */
export async function paidOrder(box: Postbox, id: string): Promise<void> {
  await anOrder(box, id)
  box.script.push({ kind: 'charged', said: { ref: `pay_${id}` }, amount: paise(10_000) })
  await pay(box.world, box.merchant, aStart(box, id))
}

/** Writes an event of an order; `TXN_CREATED` is what it announces unless told otherwise. */
export async function happen(
  box: Postbox,
  id: string,
  { kind = 'txn_started', body = {} }: { kind?: EventKind; body?: NewEvent['body'] } = {},
): Promise<void> {
  const key = keyOf(box, id)
  await box.world.db.tx(async (t) => {
    const touched = await touch(t, key)
    assert(touched)
    appendEvent(t, key, { seq: touched.seq, kind, at: box.clock.now, by, body })
  })
}

/** Who changes endpoints in tests, and when. */
export function byTest({ clock }: Postbox): AuditedBy {
  return { actor: 'test', now: clock.now }
}
