import { type Brand, brandOf } from '../cards/bin.ts'
import type { Access, NewPayment, Next, Reply, Verdict } from './gateway.ts'
import { leftIn, saidIn, theTruth } from './payu-otp.ts'
import {
  alarm,
  failure,
  isForeign,
  objectIn,
  readAnswer,
  rupeesText,
  textIn,
  txnidOf,
  unknown,
  type Words,
} from './payu-words.ts'

/** The form that begins a payment, all of it but the hash. */
export function opening(
  payment: NewPayment,
  { credentials }: Access,
): Readonly<Record<string, string>> {
  const { card, customer, finishUrl } = payment
  const firstname = /[A-Za-z]+/.exec(card.name ?? '')?.[0] ?? 'Customer'
  return {
    key: credentials['key'] ?? '',
    txnid: txnidOf(payment),
    amount: rupeesText(payment.amount),
    productinfo: payment.orderId,
    firstname,
    // PayU refuses a payment without them, and an order may be. Nobody gets mail at example.com,
    // and the OTP goes to the telephone that the bank knows, never to this one.
    email: mailIn(customer.email) ?? 'customer@example.com',
    phone: phoneIn(customer.phone) ?? '9999999999',
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
}

/** A `|` would move the borders between the fields that are signed. */
function mailIn(text: string | undefined): string | undefined {
  return text !== undefined && /^[^\s|@]+@[^\s|@]+$/.test(text) ? text : undefined
}

/** Ten digits, as PayU takes them: without the country's `+91`. */
function phoneIn(text: string | undefined): string | undefined {
  return /\d{10}$/.exec((text ?? '').replace(/\D/g, ''))?.[0]
}

/** Debit cards are named by network; credit cards are `CC`, but for two networks. */
function kindOf(brand: Brand | undefined, cardType: string): { pg: string; bankcode: string } {
  if (cardType === 'DEBIT') return { pg: 'DC', bankcode: debitCodes.get(brand) ?? 'VISA' }
  return { pg: 'CC', bankcode: creditCodes.get(brand) ?? 'CC' }
}

const debitCodes: ReadonlyMap<Brand | undefined, string> = new Map([
  ['VISA', 'VISA'],
  ['MASTERCARD', 'MAST'],
  ['MAESTRO', 'MAES'],
  ['RUPAY', 'RUPAY'],
])

const creditCodes: ReadonlyMap<Brand | undefined, string> = new Map([
  ['AMEX', 'AMEX'],
  ['DINERS', 'DINR'],
])

/** What the beginning of a payment came to. */
export function hearStart(
  reply: Reply,
  about: NewPayment,
  access: Access,
): Verdict | Next<Verdict> {
  const read = readAnswer(reply)
  if ('kind' in read) return read
  const meta = objectIn(read.words['metaData'])
  if (!meta) return unknown('no metaData')
  if (isForeign(meta['txnId'], txnidOf(about))) return alarm('another payment')
  const said = saidIn(meta, {})
  switch (meta['unmappedStatus']) {
    case 'pending':
    case 'in progress':
    case 'initiated':
      return opened(read.words, meta, about)
    case 'success':
      return theTruth({ about, said, access })
    case 'failure':
    case 'failed':
      return failure(said, 'start')
    default:
      return alarm('a status never documented')
  }
}

function opened(words: Words, meta: Words, { auth }: NewPayment): Verdict {
  const said = saidIn(meta, {})
  const page = pageIn(objectIn(words['result']))
  // Terms that the customer must accept can be shown on the bank's page only.
  const hasTerms = [words, meta, objectIn(words['result'])].some((one) => one?.['tncUrl'])
  const isNative = objectIn(words['binData'])?.['pureS2SSupported'] !== false && !hasTerms
  const open = isNative && objectIn(meta['submitOtp']) && said.handle !== undefined
  if (auth === 'OTP' && open) return { kind: 'challenge', said, ...page, ...leftIn(meta) }
  if (page) return { kind: 'redirect', said, ...page }
  if (auth === 'OTP') return { kind: 'not_eligible', said }
  return { kind: 'failed', said, by: 'gateway', code: 'GATEWAY_ERROR' }
}

/** The bank's page is given as a whole, in base64. */
function pageIn(result: Words | undefined): { page: { html: string } } | undefined {
  const html = Buffer.from(textIn(result?.['acsTemplate']) ?? '', 'base64').toString('utf8')
  return html.trimStart().startsWith('<') ? { page: { html } } : undefined
}
