import type { Paise } from '../money.ts'
import type { Access, Call, Payment, RefundSaid, Reply, Said, Unknown, Verdict } from './gateway.ts'
import {
  alarm,
  amountIn,
  commandHash,
  failure,
  isForeign,
  objectIn,
  readAnswer,
  textIn,
  txnidOf,
  unknown,
  type Words,
} from './payu-words.ts'

/** A form as PayU takes all its calls. */
export function post(path: string, fields: Readonly<Record<string, string>>): Call {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST', path, headers, body: new URLSearchParams(fields).toString() }
}

/** PayU's live payments and commands have two hosts; elsewhere one base URL has both. */
export const liveHosts = ['https://secure.payu.in', 'https://info.payu.in'] as const

/** The arguments of a command; the signature covers the first. */
export type Variables = Readonly<Record<`var${number}`, string>> & { readonly var1: string }

/** A command about payments, signed. */
export function command(access: Access, name: string, variables: Variables): Call {
  const host = access.baseUrl === liveHosts[0] ? liveHosts[1] : ''
  return post(`${host}/merchant/postservice.php?form=2`, {
    key: access.credentials['key'] ?? '',
    command: name,
    ...variables,
    hash: commandHash(name, variables.var1, access),
  })
}

/** Asks how a payment stands, by our own name for it. */
export function verify(about: Payment, access: Access): Call {
  return command(access, 'verify_payment', { var1: txnidOf(about) })
}

/** How PayU says a payment stands. */
export function hearVerified(reply: Reply, about: Payment): Verdict {
  const read = readAnswer(reply)
  if ('kind' in read) return read
  const txnid = txnidOf(about)
  const details = objectIn(objectIn(read.words['transaction_details'])?.[txnid])
  if (!details) return unknown('no word of our payment')
  if (details['status'] === 'Not Found') return { kind: 'not_found' }
  if (textIn(details['txnid']) !== txnid || isForeign(details['mihpayid'], about.ref)) {
    return alarm('another payment')
  }
  return standing(details, about)
}

const statuses: ReadonlySet<unknown> = new Set(['success', 'failure', 'pending', 'cancelled'])

function standing(details: Words, about: Payment): Verdict {
  const { status, unmappedstatus } = details
  if (!statuses.has(status)) return alarm('a status never documented')
  const said = saidOf(details)
  const paid = status === 'success'
  switch (unmappedstatus) {
    case 'captured':
    case 'auth': {
      const amount = amountIn(details['amt'])
      if (!paid) return alarm('paid and not paid')
      if (amount === undefined) return unknown('no amount')
      return { kind: unmappedstatus === 'auth' ? 'authorized' : 'charged', said, amount }
    }
    // Money came and has gone back: like a hold released, nothing of it was taken.
    case 'autoRefund':
    case 'cancelled':
      return { kind: 'voided', said }
    case 'pending':
    case 'in progress':
    case 'initiated':
      return paid ? alarm('paid and pending') : pending(said, about)
    case 'dropped':
    case 'bounced':
    case 'userCancelled':
      if (paid) return alarm('paid and left')
      return { kind: 'failed', said, by: 'customer', code: 'USER_DECLINED' }
    case 'failed':
      return paid ? alarm('paid and failed') : failure(said, 'later')
    default:
      return alarm('a state never documented')
  }
}

/** What PayU's "pending" means is a matter of how far the payment has come here. */
function pending(said: Said, { stage, handle }: Payment): Verdict {
  switch (stage) {
    case 'started':
      // Only the lost answer named the challenge: nobody can answer it, until PayU drops it.
      return { ...unknown('its challenge is not known'), said }
    case 'challenged':
      if (handle === undefined) return { kind: 'pending', said }
      return { kind: 'challenge', said: { ...said, handle } }
    case 'at_page':
      return { kind: 'redirect', said }
    case 'submitted':
      return { kind: 'pending', said }
    default:
      return stage satisfies never
  }
}

function saidOf(details: Words): Said {
  const [ref, rrn] = [textIn(details['mihpayid']), textIn(details['bank_ref_num'])]
  const [code, message] = [textIn(details['error_code']), textIn(details['error_Message'])]
  return {
    ...(ref !== undefined && { ref }),
    ...(rrn !== undefined && { rrn }),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message }),
  }
}

/** A capture, cancellation or refund in PayU's queue, or done. */
export interface Action {
  readonly kind: string
  readonly token: string | undefined
  readonly state: 'queued' | 'done' | 'failed' | undefined
  readonly amount: Paise | undefined
  readonly said: RefundSaid
}

/** Asks what PayU was told to do with a payment's money, and what became of it. */
export function listActions(ref: string, access: Access): Call {
  return command(access, 'check_action_status', { var1: ref, var2: 'payuid' })
}

/** What {@link listActions} was answered. */
export function hearActions(
  reply: Reply,
  ref: string,
): { readonly actions: readonly Action[] } | Unknown {
  const read = readAnswer(reply)
  if ('kind' in read) return read
  const { status, msg, transaction_details } = read.words
  if (textIn(status) === '0' && isNothingFound(msg)) return { actions: [] }
  if (textIn(status) !== '1') return unknown('no list of actions')
  const lists = Object.values(objectIn(transaction_details) ?? {}).map(objectIn)
  const found = lists.flatMap((list) => Object.values(list ?? {}).map(objectIn))
  const rows = found.filter((row) => row !== undefined)
  if (rows.some(({ mihpayid }) => isForeign(mihpayid, ref))) return alarm('another payment')
  return { actions: rows.map(actionOf) }
}

/** How PayU says of a list that it is empty; a wrong key or hash it calls by its name. */
export function isNothingFound(message: unknown): boolean {
  return typeof message === 'string' && message.startsWith('0 out of ')
}

function actionOf(row: Words): Action {
  const { action, token, status, amt, request_id, bank_arn } = row
  const [ref, arn, code] = [textIn(request_id), textIn(bank_arn), textIn(status)]
  return {
    kind: textIn(action) ?? '',
    token: textIn(token),
    state: states.get(code?.toLowerCase().replace('_', ' ') ?? ''),
    amount: amountIn(amt),
    said: {
      ...(ref !== undefined && { ref }),
      ...(arn !== undefined && { arn }),
      ...(code !== undefined && { code }),
    },
  }
}

/** An overdraft (`od_hit`) holds a refund up until the merchant's next takings. */
const states: ReadonlyMap<string, Action['state']> = new Map([
  ['queued', 'queued'],
  ['requested', 'queued'],
  ['pending', 'queued'],
  ['in progress', 'queued'],
  ['od hit', 'queued'],
  ['success', 'done'],
  ['failure', 'failed'],
])
