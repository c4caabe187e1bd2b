import assert from 'node:assert/strict'
import { binOf } from '../cards/bin.ts'
import type { TakenCard } from '../cards/take-card.ts'
import type { Tx } from '../db/db.ts'
import { rememberAnswer } from '../gateways/bin-answers.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { Gateway, NewPayment, Said, Verdict } from '../gateways/gateway.ts'
import type { Heard } from '../gateways/perform.ts'
import type { Plan, Way } from '../gateways/routing.ts'
import type { Merchant, Settings } from '../merchants/merchant.ts'
import { accessOf, ask, leaseFor, paymentOf } from './ask.ts'
import { chosen, type Left } from './chosen.ts'
import { flagForPerson } from './duties.ts'
import { appendEvent, type By } from './events.ts'
import { openInquiry } from './inquiries.ts'
import { aboutLeft } from './inquiry.ts'
import type { Order } from './order.ts'
import { touch } from './orders.ts'
import { signsOf } from './sign.ts'
import { moveOn } from './turns.ts'
import { finishUrlOf, type Txn } from './txn.ts'
import { Overtaken } from './txns.ts'
import type { World } from './world.ts'

/** A payment whose txn is on disk, and which no gateway has heard of yet. */
export interface Opening {
  readonly txn: Txn
  readonly order: Order
  readonly merchant: Merchant
  readonly taken: TakenCard
  readonly plan: Plan
  readonly by: By
}

/** The answer that a payment begins with, and the txn as it is at the account that gave it. */
export interface Opened extends Heard<Verdict> {
  readonly txn: Txn
}

/** Nobody waits for a third gateway after this; what has answered by then is what they get. */
const mostOpeningMs = 15_000

/** More starts than a merchant has accounts to try; a reference has one digit for their number. */
const mostTries = 30

/**
 * The second beat: asks the first account, and the next one within the same call as long as an
 * answer says for certain that nothing was begun which could ever be charged. Each account is on
 * disk before it is asked.
 */
export async function openPayment(world: World, opening: Opening): Promise<Opened> {
  const { plan } = opening
  const giveUpAt = world.elapsed() + mostOpeningMs
  let { txn } = opening
  let ways = plan.ways
  for (;;) {
    const [way, ...others] = ways
    assert(way, 'a payment begins with a way, and goes on only where there is another')
    const heard = await begin(world, { ...opening, txn, way })
    // An account that is down or locked out has no page either; one without OTP for the card has.
    const isOut = heard.verdict.kind !== 'not_eligible'
    ways = isOut ? others.filter(({ account }) => account.id !== way.account.id) : others
    const [next] = ways
    const mayGoOn = isNothingBegun(heard.verdict) && world.elapsed() < giveUpAt
    if (!next || !mayGoOn || txn.tries >= mostTries) return { ...heard, txn }
    for (const sign of signsOf({ ...heard, txn, to: txn, asked: 'start' })) world.health.note(sign)
    const moved = await move(world, { ...opening, txn, heard, next })
    if (!moved) return { ...heard, txn }
    txn = moved
  }
}

/** Whether another account may be asked without any danger of taking money twice. */
function isNothingBegun(verdict: Verdict): boolean {
  switch (verdict.kind) {
    case 'not_eligible':
      return true
    case 'unknown':
      return !verdict.sent
    case 'failed':
      return verdict.elsewhere !== undefined
    case 'challenge':
    case 'redirect':
    case 'pending':
    case 'authorized':
    case 'charged':
    case 'wrong_otp':
    case 'voided':
    case 'refused':
    case 'not_sent':
    case 'not_found':
      return false
    default:
      return verdict satisfies never
  }
}

type Beginning = Opening & { readonly way: Way }

async function begin(world: World, beginning: Beginning): Promise<Heard<Verdict>> {
  const { txn, way } = beginning
  const { start: question } = gatewayNamed(txn.gateway)
  const access = await accessOf(world, txn)
  const about = newPayment(world, beginning)
  const heard = await ask(world, txn, { question, about, access })
  if (way.auth === 'OTP' && heard.verdict.kind === 'not_eligible') {
    // The next payment would ask in vain once more; this one must not fail for that.
    await learn(world, beginning).catch(() => {})
  }
  return heard
}

/** The next payment with such a card goes another way at once. */
async function learn(world: World, { merchant, taken, txn }: Beginning): Promise<void> {
  const hours = merchant.settings.no_otp_hours
  if (hours === 0) return
  const until = world.now() + hours * 3_600_000
  const bin = binOf(taken.card.number.reveal())
  const said = { merchant: merchant.id, account: txn.account, bin, eligible: false, until }
  await world.db.tx(async (t) => rememberAnswer(t, said))
}

function leftBy({ account, gateway, tries }: Txn, { verdict }: Heard<Verdict>): Left {
  const { ref, handle }: Said = ('said' in verdict && verdict.said) || {}
  const ids = { ...(ref !== undefined && { ref }), ...(handle !== undefined && { handle }) }
  return { account, gateway, tries, ...ids }
}

type Moving = Opening & { readonly heard: Heard<Verdict>; readonly next: Way }

/** `undefined` when somebody else has asked about the txn meanwhile: it goes nowhere then. */
async function move(world: World, moving: Moving): Promise<Txn | undefined> {
  try {
    return await world.db.tx((t) => writeMove(t, world, moving))
  } catch (error) {
    if (error instanceof Overtaken) return undefined
    throw error
  }
}

async function writeMove(t: Tx, world: World, moving: Moving): Promise<Txn> {
  const { txn, plan, next, heard, merchant, by } = moving
  const { account } = next
  const gateway = gatewayNamed(account.gateway)
  const now = world.now()
  const left = leftBy(txn, heard)
  const order = await touch(t, txn)
  assert(order, 'a txn has an order')
  const moved = await moveOn(t, txn, {
    account: account.id,
    gateway: account.gateway,
    choice: { ...chosen(plan, next), left: [...(txn.choice?.left ?? []), left] },
    sendsMax: sendsMaxAt(gateway, merchant.settings),
    now,
    leaseUntil: leaseFor(gateway.start, now),
  })
  const { verdict } = heard
  // Gateways err: what they have heard of is asked about once more.
  const hasHeard = verdict.kind !== 'unknown' || verdict.sent
  if (hasHeard) openInquiry(t, aboutLeft(txn, left, { now, luck: world.luck() }))
  const isAlarm = verdict.kind === 'unknown' && verdict.alarm === true
  if (isAlarm) flagForPerson(t, txn, now)
  const body = movedBody(moving, isAlarm)
  const { seq } = order
  appendEvent(t, txn, { seq, kind: 'gateway_changed', txn: txn.id, at: now, by, body })
  return moved
}

function movedBody({ txn, next, heard: { verdict, calls } }: Moving, isAlarm: boolean) {
  return {
    from_account: txn.account,
    to_account: next.account.id,
    way: next.auth,
    heard: verdict.kind,
    ...(verdict.kind === 'unknown' && { because: verdict.because }),
    ...(isAlarm && { alarm: true }),
    ...(verdict.kind === 'failed' && { code: verdict.code }),
    ...(calls.length > 0 && { calls }),
  }
}

/** How often an OTP may be sent where a payment is at this gateway. */
export function sendsMaxAt(
  { resendOtp }: Pick<Gateway, 'resendOtp'>,
  settings: Pick<Settings, 'otp_max_sends'>,
): number {
  return resendOtp ? settings.otp_max_sends : 1
}

function newPayment(world: World, { txn, way, order, taken }: Beginning): NewPayment {
  const { fields } = order
  const customer = {
    id: fields['customer_id'],
    email: fields['customer_email'],
    phone: fields['customer_phone'],
    ip: fields['ip_address'],
    userAgent: fields['user_agent'],
  }
  return {
    ...paymentOf(txn),
    auth: way.auth,
    card: taken.card,
    cardType: txn.card.type,
    finishUrl: finishUrlOf(txn, world.publicUrl),
    customer,
  }
}
