import { gatewayNamed } from '../gateways/catalog.ts'
import type { Instructed } from '../gateways/gateway.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import { captureBy } from './capture.ts'
import { reschedule } from './duties.ts'
import { type Duty, dutyOf, mayPayLate, nextDutyAt } from './duty.ts'
import type { By } from './events.ts'
import { forgetCard } from './forget-card.ts'
import { type Instructing, instruct } from './instruct.ts'
import { issueRefund } from './issue-refund.ts'
import { autoRefundsOf, mostAutoRefunds } from './refund.ts'
import { refundsOf } from './refunds.ts'
import { saveCard } from './save-card.ts'
import { sync } from './sync.ts'
import type { Txn } from './txn.ts'
import { Overtaken } from './txns.ts'
import type { World } from './world.ts'

const by: By = { door: 'clock' }

/** Does for a txn that is due what the clock has to do for it, and nothing when it is not due. */
export async function doDuty(world: World, merchant: Merchant, txn: Txn): Promise<void> {
  if ((txn.dueAt ?? Infinity) > world.now()) return
  return attend(world, merchant, txn)
}

async function attend(world: World, merchant: Merchant, txn: Txn): Promise<void> {
  const { settings } = merchant
  const duty = dutyOf(txn, { settings, now: world.now() })
  return duty === undefined ? rest(world, merchant, txn) : fulfil(world, merchant, { txn, duty })
}

async function fulfil(
  world: World,
  merchant: Merchant,
  { txn, duty }: { txn: Txn; duty: Duty },
): Promise<void> {
  switch (duty) {
    case 'ask':
      await sync(world, merchant, { txn, by })
      return
    case 'capture':
      return take(world, merchant, txn)
    case 'void':
      return release(world, merchant, txn)
    case 'give_back':
      return giveBack(world, merchant, txn)
    case 'save':
      await saveCard(world, merchant, { txn, by })
      return
    case 'forget':
      return forget(world, merchant, txn)
    default:
      duty satisfies never
  }
}

/** Nothing to do now: the clock comes back when there is, unless somebody has said when. */
async function rest(world: World, { settings }: Merchant, txn: Txn): Promise<void> {
  const now = world.now()
  const until = nextDutyAt(txn, { settings, now, luck: world.luck() })
  await world.db.tx(async (t) => reschedule(t, txn, until))
}

/** What may have changed while the server was down is asked a last time before it is forgotten. */
async function forget(world: World, merchant: Merchant, seen: Txn): Promise<void> {
  const txn = mayPayLate(seen) ? await sync(world, merchant, { txn: seen, by }) : seen
  if (txn.status === seen.status) await forgetCard(world, merchant, txn)
}

async function take(world: World, merchant: Merchant, txn: Txn): Promise<void> {
  const amount = txn.amount
  const question = captureBy(gatewayNamed(txn.gateway), { txn, wish: {}, amount })
  const instruction = { kind: 'capture', amount } as const
  await instructOnce(world, merchant, { txn, instruction, question, more: { take: amount }, by })
}

/** A gateway that can't void lets the money go by itself, and is asked whether it has. */
async function release(world: World, merchant: Merchant, txn: Txn): Promise<void> {
  const { void: question } = gatewayNamed(txn.gateway)
  if (!question) {
    await sync(world, merchant, { txn, by })
    return
  }
  const instruction = { kind: 'void' } as const
  await instructOnce(world, merchant, { txn, instruction, question, more: {}, by })
}

/** Does nothing when somebody else was first. */
async function instructOnce<P extends Instructed>(
  world: World,
  merchant: Merchant,
  instructing: Instructing<P>,
): Promise<void> {
  try {
    await instruct(world, merchant, instructing)
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error
  }
}

async function giveBack(world: World, merchant: Merchant, txn: Txn): Promise<void> {
  const refunds = await refundsOf(world.db.read, txn)
  const tries = autoRefundsOf(refunds, txn.id)
  // What will not go back is for a person to see to; the clock has the card to forget.
  if (tries >= mostAutoRefunds) return attend(world, merchant, { ...txn, late: false })
  const issued = await issueOnce(world, merchant, { txn, tries })
  if (issued) await rest(world, merchant, issued)
}

/** `undefined` when somebody else was first. */
async function issueOnce(
  world: World,
  merchant: Merchant,
  { txn, tries }: { txn: Txn; tries: number },
): Promise<Txn | undefined> {
  try {
    const issued = await issueRefund(world, merchant, {
      order: txn,
      txn: txn.id,
      // Colons keep these ids apart from any that a merchant can choose.
      requestId: `auto:${txn.n}:${tries + 1}`,
      source: 'AUTO_REFUNDED',
      metadata: {},
      by,
    })
    return issued?.txn
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return undefined
  }
}
