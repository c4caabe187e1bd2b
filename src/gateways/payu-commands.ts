import type { Paise } from '../money.ts'
import { alarm, objectIn, unknown, type Words } from './answer.ts'
import type { Access, Call, Payment, RefundSaid, Reply, Said, Unknown, Verdict } from './gateway.ts'
import {
  amountIn,
  commandHash,
  failure,
  hearWords,
  idIn,
  isForeign,
  textIn,
  textsIn,
  txnidOf,
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

/**
 * How PayU says a payment stands. What it gave an id can't be gone, nor what went on from its
 * start: then these are the keys of another account.
 */
export function hearVerified(reply: Reply, about: Payment): Verdict {
  const { ref, handle, stage } = about
  const found = hearRecord(reply, about)
  const wasThere = ref !== undefined || handle !== undefined || stage !== 'started'
  return found.kind === 'not_found' && wasThere ? alarm('the payment is gone') : found
}

/** What PayU's record of a payment says; the record can be late. */
export function hearRecord(reply: Reply, about: Payment): Verdict {
  const txnid = txnidOf(about)
  return hearWords<Verdict>(reply, ({ transaction_details }) => {
    const details = objectIn(objectIn(transaction_details)?.[txnid])
    if (!details) return unknown('no word of our payment')
    if (details['status'] === 'Not Found') return { kind: 'not_found' }
    const isOurs = textIn(details['txnid']) === txnid && !isForeign(details['mihpayid'], about.ref)
    return isOurs ? standing(details, about) : alarm('another payment')
  })
}

const statuses: ReadonlySet<unknown> = new Set(['success', 'failure', 'pending', 'cancelled'])

function standing(details: Words, about: Payment): Verdict {
  const { status, unmappedstatus } = details
  if (!statuses.has(status)) return alarm('a status never documented')
  const said = saidOf(details)
  // Money came and has gone back: like a hold released, nothing of it was taken.
  if (unmappedstatus === 'autoRefund' || unmappedstatus === 'cancelled') {
    return { kind: 'voided', said }
  }
  const isPaid = unmappedstatus === 'captured' || unmappedstatus === 'auth'
  if (isPaid !== (status === 'success')) return alarm('paid and not paid')
  switch (unmappedstatus) {
    case 'captured':
    case 'auth': {
      const amount = amountIn(details['amt'])
      if (amount === undefined) return unknown('no amount')
      return { kind: unmappedstatus === 'auth' ? 'authorized' : 'charged', said, amount }
    }
    case 'pending':
    case 'in progress':
    case 'initiated':
      return pending(said, about)
    case 'dropped':
    case 'bounced':
    case 'userCancelled':
      return { kind: 'failed', said, by: 'customer', code: 'USER_DECLINED' }
    case 'failed':
      return failure(said, 'later')
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
    case 'at_page':
      return { kind: 'redirect', said }
    case 'challenged':
      if (handle !== undefined) return { kind: 'challenge', said: { ...said, handle } }
      return { kind: 'pending', said }
    case 'submitted':
      return { kind: 'pending', said }
    default:
      return stage satisfies never
  }
}

/** PayU's id and the bank's, and the reasons that it gives. */
export function saidOf(details: Words): Said {
  return textsIn({
    ref: idIn(details['mihpayid']),
    rrn: details['bank_ref_num'],
    code: details['error_code'],
    message: details['error_Message'],
  })
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

/** Makes something of what {@link listActions} was answered. */
export function hearActions<V>(
  reply: Reply,
  ref: string,
  hear: (actions: readonly Action[]) => V,
): V | Unknown {
  return hearWords(reply, ({ status, msg, transaction_details }): V | Unknown => {
    if (textIn(status) === '0' && isNothingFound(msg)) return hear([])
    if (textIn(status) !== '1') return unknown('no list of actions')
    const rows = objectsIn(transaction_details).flatMap(objectsIn)
    if (rows.some(({ mihpayid }) => isForeign(mihpayid, ref))) return alarm('another payment')
    return hear(rows.map(actionOf))
  })
}

function objectsIn(value: unknown): Words[] {
  const values = Object.values(objectIn(value) ?? {}).map(objectIn)
  return values.filter((one) => one !== undefined)
}

/** How PayU says of a list that it is empty; a wrong key or hash it calls by its name. */
export function isNothingFound(message: unknown): boolean {
  return typeof message === 'string' && message.startsWith('0 out of ')
}

function actionOf({ action, token, status, amt, request_id, bank_arn }: Words): Action {
  return {
    kind: textIn(action) ?? '',
    token: textIn(token),
    state: states.get(textIn(status)?.toLowerCase().replace('_', ' ') ?? ''),
    amount: amountIn(amt),
    said: textsIn({ ref: request_id, arn: bank_arn, code: status }),
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
