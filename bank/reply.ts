import { acsForm } from './acs-page.ts'
import type { Book } from './book.ts'
import type { Callbacks } from './callbacks.ts'
import type { Call, Humour, Mood } from './mood.ts'
import type { Moods } from './moods.ts'
import { challengeOf, isOpen, isTaken, messages, type Payment } from './payment.ts'
import { refundedOf } from './refunds.ts'
import type { Seed } from './seed.ts'

/** What the bank says to a merchant's gateway, and what becomes of it on the way. */
export interface Reply {
  status: number
  body: object
  /** The bank acted, and the answer is lost. */
  lost?: 'timeout' | 'reset' | undefined
  /** The mood of the line; without `acted`, the bank never heard the question. */
  wire?: Humour['wire']
}

/** What the acquirer stands on. */
export interface World {
  book: Book
  moods: Moods
  seed: Seed
  now: () => number
  callbacks: Callbacks
  /** The base of the links to the ACS page. */
  publicUrl: string
}

/** Answers one call in the mood it meets; `act` is not called when the bank never hears of it. */
export type Answer = (
  call: Omit<Call, 'ownMood'>,
  act: (deed: Mood, news: Humour['news']) => Reply,
) => Reply

/** What the bank says about a payment it does not know. */
export const notFound: Reply = {
  status: 404,
  body: { state: 'not_found', message: 'No such payment' },
}

/** The answer about a payment; `word` where the call's outcome is not simply its state. */
export function sayOf(world: World, payment: Payment, word?: string, code = payment.code): Reply {
  const { book, seed, publicUrl, now } = world
  const open = isOpen(payment)
  const receipt = isTaken(payment) && seed.receipt(payment.id)
  const body = {
    id: payment.id,
    reference: payment.reference,
    state: word ?? payment.state,
    amount: payment.amount,
    currency: payment.currency,
    captured: payment.captured,
    refunded: payment.returned === 0 ? 0 : refundedOf(book, payment, now()),
    ...(payment.pending && { pending: payment.pending.kind }),
    code,
    message: messages[code],
    ...(receipt && { rrn: receipt.rrn, auth_code: receipt.authCode }),
    ...(open && payment.auth === 'OTP' && challengeOf(payment, now())),
    ...(payment.state === 'locked' && { attempts_left: 0 }),
    ...(open && pageOf(payment, `${publicUrl}/acs/${payment.id}`)),
    ...((word === 'closed' || word === 'refused') && { present_state: payment.state }),
  }
  return { status: 200, body }
}

/** Where the customer approves: a link, or a page that leads there by itself. */
function pageOf({ htmlPage }: Payment, acs: string) {
  return htmlPage ? { redirect_html: acsForm(acs).text } : { redirect_url: acs }
}
