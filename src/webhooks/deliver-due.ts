import assert from 'node:assert/strict'
import { findEvent } from '../payments/events.ts'
import { webhookUrlIn } from '../payments/order.ts'
import { findOrder } from '../payments/orders.ts'
import { readOrder } from '../payments/read-order.ts'
import { findRefund } from '../payments/refunds.ts'
import { knownTxn } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { type Webhook, webhookBody } from '../wire/webhook-view.ts'
import { deliver, type Line, type Message, type Reply } from './deliver.ts'
import type { FullLanes, Lane } from './deliveries.ts'
import { type Delivery, leaseHasTime, shownBeside } from './delivery.ts'
import { recordAttempt } from './end-attempt.ts'
import { accessHeaders, signingSecrets } from './endpoint.ts'
import { orderAccess } from './keep-endpoints.ts'
import { signatureHeaders } from './signature.ts'
import { type Taken, takeDue } from './take-due.ts'

/** Sends what is due, a limited number at a time, the slow ones beside the quick. */
export interface Postman {
  /**
   * Takes what is due in hand and begins to send it. Gives a number above 0 as long as it is worth
   * coming again at once. `onError` hears of what failed on our side; it comes due again.
   */
  readonly once: (onError: (error: unknown) => void) => Promise<number>
  /** Resolves when nothing is under way. */
  readonly settled: () => Promise<void>
}

/** A burst is sent in parallel, and payments keep most of the process. */
const mostUnderWay = 64

/** A quarter of that, so that one endpoint that never answers holds up nobody else. */
const mostPerLane = 16

/** While all that is due must wait for slow endpoints, others may come due. */
const glanceMs = 250

/** What is taken in hand and written down within this goes to disk at once, as one. */
const gatherMs = 6

/** A postman who sends over this line. */
export function openPostman(world: World, line: Line): Postman {
  const sends = new Set<Promise<void>>()
  const lanes = new Map<string, { readonly lane: Lane; count: number }>()
  const laneOf = (lane: Lane) => lanes.get(`${lane.merchant}/${lane.endpoint}`)
  const fullLanes = () =>
    [...lanes.values()]
      .filter(({ count }) => count >= mostPerLane)
      .map(({ lane }) => lane) as unknown as FullLanes

  let gathering: Promise<void> | undefined
  /** All who wait at the same time go on at the same time. */
  function gathered(): Promise<void> {
    gathering ??= world.sleep(gatherMs).then(() => {
      gathering = undefined
    })
    return gathering
  }

  function begin(taken: Taken, onError: (error: unknown) => void): void {
    const { merchant, endpoint } = taken.delivery
    const busy = laneOf(taken.delivery) ?? { lane: { merchant, endpoint }, count: 0 }
    lanes.set(`${merchant}/${endpoint}`, busy)
    busy.count++
    const leave = () => {
      if (--busy.count === 0) lanes.delete(`${merchant}/${endpoint}`)
    }
    const sending = send(world, line, taken)
      // Its receiver is free again; writing down what came of it is our own affair.
      .finally(leave)
      .then(async (reply) => {
        if (!reply) return
        await gathered()
        await recordAttempt(world, taken, reply)
      })
      .catch(onError)
      .then(() => {
        sends.delete(sending)
      })
    sends.add(sending)
  }

  return {
    async once(onError) {
      if (sends.size >= mostUnderWay) await Promise.race(sends)
      if (sends.size > 0) await gathered()
      const full = fullLanes()
      const { taken, done } = await takeDue(world, {
        onError,
        full,
        most: mostUnderWay - sends.size,
        ofLane: (lane) => mostPerLane - (laneOf(lane)?.count ?? 0),
      })
      for (const one of taken) begin(one, onError)
      if (done > 0 || full.length === 0) return done
      await Promise.race([...sends, world.sleep(glanceMs)])
      return 1
    },
    async settled() {
      while (sends.size > 0) await Promise.all(sends)
    },
  }
}

async function send(world: World, line: Line, taken: Taken): Promise<Reply | undefined> {
  const message = await messageOf(world, taken)
  // A process that was stopped for a while goes on here: the delivery may be another's by now.
  if (!leaseHasTime(taken.until, world.now())) return undefined
  return deliver(line, message)
}

/** A delivery as it is sent now: the order as it stands, signed. */
async function messageOf(world: World, { delivery, endpoint }: Taken): Promise<Message> {
  const now = world.now()
  const webhook = await readWebhook(world, delivery)
  const access = endpoint?.access ?? (await orderAccess(world, delivery.merchant, now))
  const body = JSON.stringify(webhookBody(webhook, world.publicUrl))
  return {
    // An order that has lost its URL has none to be refused.
    url: endpoint?.url ?? webhookUrlIn(webhook.whole.order.fields) ?? '',
    headers: {
      ...accessHeaders(access),
      'Content-Type': 'application/json',
      ...signatureHeaders({ id: delivery.id, at: now, body }, signingSecrets(access, now)),
    },
    body,
  }
}

/** What a delivery tells, all of one moment: what was read while somebody wrote is read again. */
async function readWebhook({ db }: World, delivery: Delivery): Promise<Webhook> {
  const { id, name, createdAt: at } = delivery
  for (;;) {
    const whole = await readOrder(db.read, delivery)
    assert(whole, 'a delivery has an order')
    if (shownBeside(name) === 'nothing') return { id, name, at, whole }
    const beside = await readBeside(db.read, delivery)
    const order = await findOrder(db.read, delivery)
    if (order?.seq === whole.order.seq) return { id, name, at, whole, ...beside }
  }
}

async function readBeside(get: World['db']['read'], delivery: Delivery) {
  const event = await findEvent(get, delivery, delivery.seq)
  assert(event?.txn, 'the event of a delivery has a txn')
  const txn = await knownTxn(get, { ...delivery, id: event.txn })
  if (shownBeside(delivery.name) === 'txn') return { txn }
  const refund = await findRefund(get, { ...delivery, id: String(event.body['refund']) })
  assert(refund, 'the event of a refund has one')
  return { txn, refund }
}
