import { hash } from 'node:crypto'
import {
  type ClientToken,
  type MerchantId,
  type OrderId,
  type Shard,
  shardIn,
  shardOf,
} from '../ids.ts'

/** How long a client token works: a quarter of an hour, as Juspay documents, in milliseconds. */
export const clientTokenMs = 15 * 60_000

/** How many calls it takes: a payment needs six, with every retry of an OTP about twenty. */
export const clientTokenUses = 30

/** Whose calls a client token makes: of a merchant, one order or one customer. */
export interface ClientScope {
  readonly merchant: MerchantId
  readonly order?: OrderId
  /** The customer, as the merchant names them. */
  readonly customer?: string
}

/** A client token as it is handed out, once; nobody can read it again. */
export interface IssuedToken {
  readonly token: ClientToken
  /** In epoch milliseconds. */
  readonly expiresAt: number
}

/** Where a token of this scope lives: with its order, or with its customer. */
export function clientShard(scope: ClientScope): Shard {
  return shardOf(scope.merchant, scope.order ?? scope.customer ?? '')
}

/** What the database keeps of a client token: SHA-256, enough for one of 116 random bits. */
export function clientTokenHash(token: string): string {
  return hash('sha256', token)
}

/** The shard of a text that has the form of a client token, or `undefined`. */
export function clientShardIn(text: string): Shard | undefined {
  return /^tkn_[0-9a-f]{32}$/.test(text) ? shardIn(text) : undefined
}
