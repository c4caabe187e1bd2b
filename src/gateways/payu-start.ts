import { type Brand, brandOf } from '../cards/bin.ts'
import { objectIn, unknown, type Words } from './answer.ts'
import type { Access, Call, NewPayment, Verdict } from './gateway.ts'
import { post } from './payu-commands.ts'
import { hearUnderWay, leftIn, theTruth, type UnderWay } from './payu-otp.ts'
import {
  failure,
  type Heard,
  meaningOf,
  requestHash,
  rupeesText,
  textIn,
  txnidOf,
} from './payu-words.ts'

/** The form that begins a payment. */
export function askStart(payment: NewPayment, access: Access): Call {
  const { card, customer, finishUrl } = payment
  const firstname = /[A-Za-z]+/.exec(card.name ?? '')?.[0] ?? 'Customer'
  const form: Readonly<Record<string, string>> = {
    key: access.credentials['key'] ?? '',
    txnid: txnidOf(payment),
    amount: rupeesText(payment.amount),
    productinfo: payment.orderId,
    firstname,
    // PayU refuses a payment without them, and an order may be. Nobody gets mail at example.com,
    // and the OTP goes to the telephone that the bank knows, never to this one.
    email: mail.exec(customer.email ?? '')?.[0] ?? 'customer@example.com',
    phone: /\d{10}$/.exec((customer.phone ?? '').replace(/\D/g, ''))?.[0] ?? '9999999999',
    udf1: payment.id,
    surl: finishUrl,
    furl: finishUrl,
    ...kindOf(brandOf(card.number.reveal()), payment.cardType),
    ccnum: card.number.reveal(),
    ccname: card.name ?? firstname,
    ...(card.cvv && { ccvv: card.cvv.reveal() }),
    ccexpmon: card.expiryMonth,
    ccexpyr: card.expiryYear,
    txn_s2s_flow: '4',
    s2s_client_ip: customer.ip ?? '127.0.0.1',
    s2s_device_info: customer.userAgent ?? 'unknown',
    ...(!payment.autoCapture && { pre_authorize: '1' }),
  }
  return post('/_payment', { ...form, hash: requestHash((name) => form[name] ?? '', access) })
}

/** A `|` would move the borders between the fields that are signed. */
const mail = /^[^\s|@]+@[^\s|@]+$/

/** Debit cards are named by network; credit cards are `CC`, but for two networks. */
function kindOf(brand: Brand | undefined, cardType: string): { pg: string; bankcode: string } {
  const { DEBIT = 'VISA', CREDIT = 'CC' } = codes.get(brand) ?? {}
  const isDebit = cardType.toUpperCase() === 'DEBIT'
  return isDebit ? { pg: 'DC', bankcode: DEBIT } : { pg: 'CC', bankcode: CREDIT }
}

const codes = new Map<Brand | undefined, { readonly DEBIT?: string; readonly CREDIT?: string }>([
  ['MASTERCARD', { DEBIT: 'MAST' }],
  ['MAESTRO', { DEBIT: 'MAES' }],
  ['RUPAY', { DEBIT: 'RUPAY' }],
  ['AMEX', { CREDIT: 'AMEX' }],
  ['DINERS', { CREDIT: 'DINR' }],
])

/** What the beginning of a payment came to. */
export const hearStart = hearUnderWay<NewPayment>({ open: opened, failed })

function opened({ about, said, words, meta }: UnderWay<NewPayment>): Verdict {
  const isOtp = about.auth === 'OTP'
  const result = objectIn(words['result'])
  const page = pageIn(result)
  // Terms that the customer must accept can be shown on the bank's page only.
  const hasTerms = [words, meta, result].some((one) => one?.['tncUrl'])
  const lacksOtp = hasTerms || objectIn(words['binData'])?.['pureS2SSupported'] === false
  const isOpen = !lacksOtp && objectIn(meta['submitOtp']) && said.handle !== undefined
  if (isOtp && isOpen) return { kind: 'challenge', said, ...page, ...leftIn(meta) }
  if (page) return { kind: 'redirect', said, ...page }
  const waits = meta['unmappedStatus'] === 'pending'
  if (isOtp && lacksOtp && waits) return { kind: 'not_eligible', said }
  // It is under way all the same, and could be charged without anything of the customer's.
  return { ...unknown('neither a challenge nor a page'), said }
}

/** The bank's page is given as a whole, in base64. */
function pageIn(result: Words | undefined): { page: { html: string } } | undefined {
  const html = Buffer.from(textIn(result?.['acsTemplate']) ?? '', 'base64').toString('utf8')
  return html.trimStart().startsWith('<') ? { page: { html } } : undefined
}

/**
 * Another account may be asked only once PayU's record, too, says that nothing goes on here; what
 * an account may not do at all need not have one. What is not signed by its account is not looked
 * at, and neither would be the question for the record.
 */
function failed(heard: UnderWay<NewPayment>): Heard {
  const { said } = heard
  const verdict = failure(said, 'start')
  const { note } = meaningOf(said)
  if (verdict.kind !== 'failed' || !verdict.elsewhere || note === 'unsigned') return verdict
  return theTruth(heard, (found) => {
    const isOver = found.kind === 'failed' && found.by !== 'customer'
    const isUnheardOf = found.kind === 'not_found' && note === 'set_up'
    return isOver || isUnheardOf ? verdict : found
  })
}
