import { hash, randomFillSync, randomUUID } from 'node:crypto'

declare const kind: unique symbol

/** A merchant's id, chosen by the operator. */
export type MerchantId = string & { readonly [kind]: 'MerchantId' }

/** An order's id as the merchant chose it, unique for that merchant. */
export type OrderId = string & { readonly [kind]: 'OrderId' }

/** Our own id of an order. */
export type OrderUuid = `ord_${string}`

/** Our id of one payment attempt: the `txn_uuid` of the wire, unguessable. */
export type TxnId = `txn_${string}`

/** The id of a txn's OTP challenge: unguessable. */
export type ChallengeId = `ch_${string}`

/** Our id of one refund, by which the gateway knows it. */
export type RefundRef = `rfd_${string}`

/** The id of what merchants are told of one event: the same at every attempt. */
export type WebhookId = `evt_V2_${string}`

/** Our id of one customer of a merchant. */
export type CustomerId = `cst_${string}`

/** The token of a stored card: what a merchant pays with instead of the number. */
export type CardToken = `ctk_${string}`

/** What lets a browser pay one order, or see one customer's cards, for a quarter of an hour. */
export type ClientToken = `tkn_${string}`

/** The id of a merchant's key for encrypted calls: the `kid` of their headers. */
export type JwtKeyId = `key_${string}`

/** Where a row lives: the first 12 bits of a SHA-256, 0 to 4095. */
export type Shard = number & { readonly [kind]: 'Shard' }

/** 128 bits: ids that protect something must not be guessable (OWASP ASVS 11.5.1). */
const idBytes = 16

/** Whether the operator may give a merchant this id: it becomes part of txn ids and page links. */
export function isMerchantId(text: string): text is MerchantId {
  return /^[A-Za-z0-9_-]{1,32}$/.test(text)
}

/** The shard of everything that belongs to one order, card or customer of a merchant. */
export function shardOf(merchant: MerchantId, subject: string): Shard {
  const digest = hash('sha256', `${merchant}\0${subject}`, 'hex')
  return Number.parseInt(digest.slice(0, 3), 16) as Shard
}

/** The shard that one of our own ids carries, or `undefined` when the text is no such id. */
export function shardIn(id: string): Shard | undefined {
  const match = /^(?:[a-z]+|evt_V2)_([0-9a-f]{3})[0-9a-f]{29,32}$/.exec(id)
  return match?.[1] === undefined ? undefined : (Number.parseInt(match[1], 16) as Shard)
}

/** What gateways with short references still carry of a txn id: its shard, and 84 random bits. */
const txnBeginning = /^txn_([0-9a-f]{3})[0-9a-f]{21}/

/** The beginning of a txn id in a gateway's reference of it, and the shard that it carries. */
export function txnBeginningIn(
  reference: string,
): { readonly beginning: string; readonly shard: Shard } | undefined {
  const [beginning, digits] = txnBeginning.exec(reference) ?? []
  if (beginning === undefined || digits === undefined) return undefined
  return { beginning, shard: Number.parseInt(digits, 16) as Shard }
}

/** A new order id: `ord_` and 32 hex digits, the first three of them its shard. */
export function newOrderUuid(shard: Shard): OrderUuid {
  return `ord_${hexOf(shard)}${randomHex().slice(0, 29)}`
}

/** A new txn id: `txn_`, three hex digits of shard, 128 random bits. */
export function newTxnId(shard: Shard): TxnId {
  return `txn_${hexOf(shard)}${randomHex()}`
}

/** A new challenge id: `ch_`, three hex digits of shard, 128 random bits. */
export function newChallengeId(shard: Shard): ChallengeId {
  return `ch_${hexOf(shard)}${randomHex()}`
}

/** A new refund reference: `rfd_`, three hex digits of shard, 128 random bits. */
export function newRefundRef(shard: Shard): RefundRef {
  return `rfd_${hexOf(shard)}${randomHex()}`
}

/** A new webhook id: `evt_V2_` and 32 hex digits, the first three of them its shard. */
export function newWebhookId(shard: Shard): WebhookId {
  return `evt_V2_${hexOf(shard)}${randomHex().slice(0, 29)}`
}

/** A new customer id: `cst_`, three hex digits of shard, 128 random bits. */
export function newCustomerId(shard: Shard): CustomerId {
  return `cst_${hexOf(shard)}${randomHex()}`
}

/** A new stored card's token: `ctk_`, three hex digits of shard, 128 random bits. */
export function newCardToken(shard: Shard): CardToken {
  return `ctk_${hexOf(shard)}${randomHex()}`
}

/** A new name for a stored card that stays the same: 32 hex digits. It opens nothing. */
export function newCardReference(): string {
  return randomHex()
}

/** A new client token: `tkn_` and 32 hex digits, the first three of them its shard. */
export function newClientToken(shard: Shard): ClientToken {
  return `tkn_${hexOf(shard)}${randomHex().slice(0, 29)}`
}

/** A new key id for encrypted calls: `key_` and 32 hex digits. It protects nothing. */
export function newJwtKeyId(): JwtKeyId {
  return `key_${randomHex()}`
}

/** Whether a text has the form of an id that {@link newJwtKeyId} makes. */
export function isJwtKeyId(text: string): text is JwtKeyId {
  return /^key_[0-9a-f]{32}$/.test(text)
}

/** A new request id, for a caller that sent none. */
export function newRequestId(): string {
  return `req_${randomUUID().replaceAll('-', '')}`
}

// The system is asked for random bytes in bulk: asking for each id alone costs ten times as much.
const pool = Buffer.alloc(idBytes * 256)
let unused = 0

function randomHex(): string {
  if (unused === 0) {
    randomFillSync(pool)
    unused = pool.length
  }
  unused -= idBytes
  const hex = pool.toString('hex', unused, unused + idBytes)
  pool.fill(0, unused, unused + idBytes)
  return hex
}

function hexOf(shard: Shard): string {
  return shard.toString(16).padStart(3, '0')
}
