import assert from 'node:assert/strict'
import { findAccount } from '../gateways/accounts.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Verdict } from '../gateways/gateway.ts'
import type { Heard } from '../gateways/perform.ts'
import { leaseFor, paymentOf } from './ask.ts'
import { flagForPerson } from './duties.ts'
import { appendEvent, type By } from './events.ts'
import { endInquiry, postponeInquiry, takeInquiry } from './inquiries.ts'
import { findingOf, type Inquiry, isOfLeft, nextInquiryAt } from './inquiry.ts'
import { touch } from './orders.ts'
import type { Txn } from './txn.ts'
import { knownTxn, Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** The clock, which puts these questions. */
const by: By = { door: 'clock' }

/**
 * Asks a gateway what became of a start from which nothing is awaited. Money where there should be
 * none, or none where there should be some, is an alarm for a person, and nothing moves. What is
 * still open is asked again by and by. Does nothing when somebody else is asking.
 */
export async function inquire(world: World, seen: Inquiry): Promise<void> {
  const found = await findAccount(world, seen.txn.merchant, seen.account)
  assert(found, `the account ${seen.account} of a start exists`)
  const { sync: question } = gatewayNamed(seen.gateway)
  const until = leaseFor(question, world.now())
  const taken = await world.db.tx((t) => takeInquiry(t, seen, until))
  if (!taken) return
  const about = startOf(taken, await knownTxn(world.db.read, taken.txn))
  const heard = await world.perform(question, about, found.access)
  await conclude(world, taken, heard)
}

function startOf(inquiry: Inquiry, txn: Txn) {
  const { ref: _ref, handle: _handle, stage, ...payment } = paymentOf(txn)
  const { said, tries } = inquiry
  return { ...payment, ...said, tries, stage: isOfLeft(inquiry, txn) ? 'started' : stage } as const
}

async function conclude(world: World, taken: Inquiry, heard: Heard<Verdict>): Promise<void> {
  const txn = await knownTxn(world.db.read, taken.txn)
  const found = findingOf(taken, txn, heard.verdict)
  const now = world.now()
  switch (found) {
    case 'alarm':
      return raise(world, taken, { txn, heard })
    case 'open': {
      const next = nextInquiryAt(taken, { now, luck: world.luck() })
      if (next === undefined) break
      return world.db.tx(async (t) => postponeInquiry(t, taken, next))
    }
    case 'over':
      break
    default:
      found satisfies never
  }
  await world.db.tx((t) => endInquiry(t, taken))
}

async function raise(
  world: World,
  taken: Inquiry,
  { txn, heard: { verdict, calls } }: { txn: Txn; heard: Heard<Verdict> },
): Promise<void> {
  const at = world.now()
  const { account, tries } = taken
  const body = {
    account,
    tries,
    heard: verdict.kind,
    ...('amount' in verdict && { amount: verdict.amount }),
    ...(verdict.kind === 'unknown' && { because: verdict.because }),
    ...(calls.length > 0 && { calls }),
  }
  try {
    await world.db.tx(async (t) => {
      const order = await touch(t, txn)
      assert(order, 'a txn has an order')
      if (!(await endInquiry(t, taken))) throw new Overtaken()
      flagForPerson(t, txn, at)
      const { seq } = order
      appendEvent(t, txn, { seq, kind: 'gateway_alarm', txn: txn.id, at, by, body })
    })
  } catch (error) {
    // There was news meanwhile: it is asked once more, and that answer is told.
    if (!(error instanceof Overtaken)) throw error
  }
}
