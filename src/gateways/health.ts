import type { Brand } from '../cards/bin.ts'
import type { Account } from './account.ts'
import type { GatewayName } from './catalog.ts'

/**
 * What a payment shows of its gateway's health: whether a start came to an OTP or a page, whether
 * the OTP reached its customer, whether it was right, whether the bank then authorized.
 */
export type Signal = 'start' | 'delivery' | 'match' | 'authorization'

/** The signals in the order in which a payment comes by them. */
export const signals: readonly Signal[] = ['start', 'delivery', 'match', 'authorization']

/** One observation. */
export interface Sign {
  readonly gateway: GatewayName
  /** The merchant's account, as `merchant/id`. */
  readonly account: string
  readonly network: Brand
  /** The issuing bank's name, '' when nobody knows. */
  readonly issuer: string
  readonly signal: Signal
  readonly good: boolean
  /** A bad authorization was no decline: nobody answered, or the issuer was down. */
  readonly technical?: true
  /** It is the account's own fault, such as keys that are refused: no other account would fail. */
  readonly own?: true
  /** How long the gateway took, in milliseconds; absent where nothing was asked. */
  readonly tookMs?: number
}

/** The observations of one minute and cell. A gateway's cells name network and issuer. */
export interface Bucket {
  /** A gateway's name, or an account as `merchant/id`. */
  readonly scope: string
  /** '' where the scope is an account. */
  readonly network: string
  readonly issuer: string
  readonly question: Signal
  /** Minutes since the epoch. */
  readonly minute: number
  readonly good: number
  readonly bad: number
  /** How long the gateway took for all of them together, in milliseconds. */
  readonly tookMs: number
}

/** What is expected of a payment through one account. */
export interface Standing {
  /** How likely it is to succeed, 0 to 1. */
  readonly score: number
  /** How far the score may well be from the truth, as far as chance goes: a standard error. */
  readonly error: number
  /** How long its start and its authorization take together, in milliseconds. */
  readonly tookMs: number
  /** It is down: the share of payments that try it all the same, 0 to 1. */
  readonly probeShare?: number
}

/** What health depends on of a card. */
export interface HealthOfCard {
  readonly network: Brand
  readonly issuer: string
}

/** What is known now of a merchant's accounts; for one card, then for any number of accounts. */
export interface HealthView {
  readonly of: (card: HealthOfCard) => (account: Pick<Account, 'id' | 'gateway'>) => Standing
}
