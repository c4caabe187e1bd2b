import assert from 'node:assert/strict'
import { findOutage } from '../gateways/outage-news.ts'
import { findEvent } from '../payments/events.ts'
import { webhookUrlIn } from '../payments/order.ts'
import { findOrder } from '../payments/orders.ts'
import { readOrder } from '../payments/read-order.ts'
import { findRefund } from '../payments/refunds.ts'
import { knownTxn } from '../payments/txns.ts'
import type { World } from '../payments/world.ts'
import { isOutageNews } from '../wire/webhook-name.ts'
import { outageWebhookBody, type Webhook, webhookBody } from '../wire/webhook-view.ts'
import { deliver, type Line, type Message, type Reply } from './deliver.ts'
import { type Delivery, leaseHasTime, shownBeside } from './delivery.ts'
import { isSuccess, recordAttempt } from './end-attempt.ts'
import { accessHeaders, signingSecrets } from './endpoint.ts'
import { orderAccess } from './keep-endpoints.ts'
import { openRoom } from './room.ts'
import { signatureHeaders } from './signature.ts'
import { type Look, type Taken, takeDue } from './take-due.ts'

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

/** While all that is due must wait for slow endpoints, others may come due. */
const glanceMs = 250

/** What is taken in hand and written down within this goes to disk at once, as one. */
const gatherMs = 6

/** A postman who sends over this line. */
export function openPostman(world: World, line: Line): Postman {
  const sends = new Set<Promise<void>>()
  const room = openRoom(world.elapsed)
  let last: Look['last']

  let gathering: Promise<void> | undefined
  /** All who wait at the same time go on at the same time. */
  function gathered(): Promise<void> {
    gathering ??= world.sleep(gatherMs).then(() => {
      gathering = undefined
    })
    return gathering
  }

  function begin(taken: Taken, onError: (error: unknown) => void): void {
    const leave = room.enter(taken.delivery)
    const sending = send(world, line, taken)
      // Its receiver is free again; writing down what came of it is our own affair.
      .then(
        (reply) => {
          leave(reply !== undefined && isSuccess(reply))
          return reply
        },
        (error: unknown) => {
          leave(false)
          throw error
        },
      )
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
      if (sends.size > 0) await gathered()
      if (room.left() === 0) await Promise.race(sends)
      const look = await takeDue(world, { onError, room, after: last })
      last = look.last
      for (const one of look.taken) begin(one, onError)
      if (look.done > 0 || sends.size === 0) return look.done
      // What is due may wait for one of these.
      await Promise.race([...sends, world.sleep(glanceMs)])
      return 1
    },
    async settled() {
      while (sends.size > 0) await Promise.all(sends)
    },
  }
}

async function send(world: World, line: Line, taken: Taken): Promise<Reply | undefined> {
  const message = await messageOf(world, line, taken)
  // A process that was stopped for a while goes on here: the delivery may be another's by now.
  if (!leaseHasTime(taken.until, world.now())) return undefined
  return deliver(line, message)
}

/** A delivery as it is sent now: the order as it stands, signed. */
async function messageOf(
  world: World,
  line: Line,
  { delivery, endpoint }: Taken,
): Promise<Message> {
  const now = world.now()
  const { orderUrl = '', ...told } = await readBody(world, delivery)
  const access = endpoint?.access ?? (await orderAccess(world, delivery.merchant, now))
  const body = JSON.stringify(told.body)
  return {
    // An order that has lost its URL has none to be refused.
    url: endpoint?.url ?? orderUrl,
    headers: {
      ...accessHeaders(access),
      'Content-Type': 'application/json',
      // A receiver compares it with its own clock, not with one that a developer has moved.
      ...signatureHeaders({ id: delivery.id, at: line.now(), body }, signingSecrets(access, now)),
    },
    body,
  }
}

/** What a delivery says, and the URL that its order names. */
async function readBody(
  world: World,
  delivery: Delivery,
): Promise<{ readonly body: object; readonly orderUrl?: string | undefined }> {
  const { id, name, createdAt: at } = delivery
  if (isOutageNews(name)) {
    const outage = await findOutage(world.db.read, delivery.orderId)
    assert(outage, 'a delivery has an outage')
    return { body: outageWebhookBody({ id, name, at }, outage) }
  }
  const webhook = await readWebhook(world, delivery, name)
  const orderUrl = webhookUrlIn(webhook.whole.order.fields)
  return { body: webhookBody(webhook, world.publicUrl), orderUrl }
}

/** What a delivery tells, all of one moment: what was read while somebody wrote is read again. */
async function readWebhook(
  { db }: World,
  delivery: Delivery,
  name: Webhook['name'],
): Promise<Webhook> {
  const { id, createdAt: at } = delivery
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
