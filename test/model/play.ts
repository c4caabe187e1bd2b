import assert from 'node:assert/strict'
import { paise } from '../../src/money.ts'
import { authenticate } from '../../src/payments/authenticate.ts'
import { capture } from '../../src/payments/capture.ts'
import { createOrder } from '../../src/payments/create-order.ts'
import { issueRefund } from '../../src/payments/issue-refund.ts'
import { openBankPage } from '../../src/payments/open-bank-page.ts'
import type { OrderKey } from '../../src/payments/orders.ts'
import { pay } from '../../src/payments/pay.ts'
import { refundsOf } from '../../src/payments/refunds.ts'
import { resendOtp } from '../../src/payments/resend-otp.ts'
import { syncNow } from '../../src/payments/sync-now.ts'
import { isFailed, type Txn } from '../../src/payments/txn.ts'
import { txnsOf } from '../../src/payments/txns.ts'
import { voidPayment } from '../../src/payments/void-payment.ts'
import { Refusal } from '../../src/refusal.ts'
import { Secret } from '../../src/secret.ts'
import { rightOtp, testCard, wrongOtp } from '../caller.ts'
import { atBank, bookOf, Crash, type Stage } from './stage.ts'
import type { Step } from './step.ts'

const by = { door: 'api' } as const

/** Does a step. A refusal is an answer like any other; a crash is followed by a new start. */
export async function take(stage: Stage, order: OrderKey, step: Step): Promise<void> {
  try {
    await act(stage, order, step)
  } catch (error) {
    if (error instanceof Refusal) assert.notEqual(error.reason, 'internal_error')
    else if (error instanceof Crash) await stage.restart()
    else throw error
  }
}

async function act(stage: Stage, key: OrderKey, step: Step): Promise<unknown> {
  const { world, merchant } = stage
  const { orderId } = key
  switch (step.do) {
    case 'create': {
      const order = { orderId, amount: paise(step.rupees * 100), currency: 'INR', fields: {} }
      return createOrder(world, merchant, { order, ifDifferent: 'change', by })
    }
    case 'start': {
      const { card_number: number = '', card_security_code: cvv = '' } = testCard
      const secrets = { number: new Secret(number), cvv: new Secret(cvv) }
      const card = { ...secrets, expiryMonth: '11', expiryYear: '2027' }
      const entered = { kind: 'entered', card, brand: 'VISA' } as const
      const start = { orderId, card: entered, save: false, auth: step.auth, wish: {}, by }
      return pay(world, merchant, { ...start, actor: 'model' })
    }
    case 'refund': {
      await setMood(stage, step)
      const ids = (await refundsOf(world.db.read, key)).length
      const wish = { order: key, requestId: `r-${ids + 1}`, source: 'API', metadata: {} } as const
      return issueRefund(world, merchant, { ...wish, ...amountOf(step), by })
    }
    case 'wait':
      return atBank(stage, 'POST', '/clock', { advance_ms: step.seconds * 1_000 })
    case 'mood': {
      const acted = step.acted === undefined ? {} : { acted: step.acted }
      return atBank(stage, 'POST', '/moods', { mood: step.mood, next: step.next, ...acted })
    }
    case 'crash':
      stage.fate.crash = step.when
      return
    case 'receiver':
      stage.fate.up = step.up
      return
    case 'chores':
      return workOnce(stage)
    default: {
      const txns = await txnsOf(world.db.read, key)
      const found = txns[step.txn % txns.length]
      return found && actOn(stage, found, step)
    }
  }
}

/** One pass of all chores. A crash ends one of them, as a bug would; any other error is a bug. */
export async function workOnce(stage: Stage): Promise<void> {
  let crashed = false
  const bugs: unknown[] = []
  for (const { once, settled } of stage.chores) {
    await once((error) => {
      if (error instanceof Crash) crashed = true
      else bugs.push(error)
    })
    await settled()
  }
  assert.deepEqual(bugs, [])
  if (crashed) await stage.restart()
}

type TxnStep = Extract<Step, { readonly txn: number }>

async function actOn(stage: Stage, found: Txn, step: TxnStep): Promise<unknown> {
  const { world, merchant } = stage
  const named = { id: found.id, challengeId: found.challengeId, by }
  switch (step.do) {
    case 'submit': {
      const otp = new Secret(step.right ? rightOtp : wrongOtp)
      return authenticate(world, merchant, { ...named, otp, autoCapture: !step.hold })
    }
    case 'resend':
      return resendOtp(world, merchant, named)
    case 'capture': {
      await setMood(stage, step)
      const key = `c-${found.captures.length + 1}`
      const wish = { id: found.id, key, ...amountOf(step), by }
      const first = await capture(world, merchant, wish)
      // A client that heard nothing asks again by the same key, and takes nothing more.
      const again = await capture(world, merchant, wish)
      if (first.captured > found.captured) assert.equal(again.captured, first.captured)
      return again
    }
    case 'void':
      await setMood(stage, step)
      return voidPayment(world, merchant, { id: found.id, by })
    case 'page':
      return openBankPage(world, merchant, { key: found, by })
    case 'approve':
      return approve(stage, found)
    case 'finish':
      return syncNow(world, merchant, { key: found, by: { door: 'browser' } })
    default:
      return step satisfies never
  }
}

async function approve(stage: Stage, found: Txn): Promise<unknown> {
  // A failed txn is asked about once more, when its customer comes back: that must be answered.
  if (isFailed(found.status)) await atBank(stage, 'DELETE', '/moods')
  const { payments } = await bookOf(stage)
  const payment = payments.find(({ reference }) => reference === found.id)
  if (!payment) return undefined
  await atBank(stage, 'POST', `/acs/${payment.id}`, 'decision=approve')
  return syncNow(stage.world, stage.merchant, { key: found, by: { door: 'browser' } })
}

/** The bank meets the next question of this kind in the mood of the step, if it has one. */
async function setMood(
  stage: Stage,
  { do: next, mood }: { do: string; mood?: string | undefined },
) {
  if (mood !== undefined) await atBank(stage, 'POST', '/moods', { mood, next })
}

function amountOf({ rupees }: { readonly rupees?: number | undefined }) {
  return rupees === undefined ? {} : { amount: paise(rupees * 100) }
}
