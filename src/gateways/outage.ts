import { randomUUID } from 'node:crypto'
import type { Brand } from '../cards/bin.ts'
import type { GatewayName } from './catalog.ts'
import type { Signal } from './health.ts'

/** What can be down: a gateway or one account, as a whole, for a network, or for its issuer too. */
export interface Place {
  /** A gateway's name, or an account as `merchant/id`. */
  readonly scope: string
  /** '' for all. */
  readonly network: string
  readonly issuer: string
}

/** The signals that can show technical trouble. */
export type TechnicalSignal = Extract<Signal, 'start' | 'authorization'>

/**
 * How an outage ended: it works again; or nobody knows, because nobody tried it for long or because
 * its account has changed.
 */
export type Ending = 'recovered' | 'untried'

/** A time in which a place was, or still is, down. */
export interface Outage extends Place {
  readonly id: string
  /** Whose payments alone showed it, and whom alone it concerns; '': several merchants'. */
  readonly merchant: string
  /** What failed, and has to work again. */
  readonly signal: TechnicalSignal
  /** Epoch milliseconds. */
  readonly since: number
  /** When it was last tried, as far as it is written down. */
  readonly triedAt: number
  readonly until?: number
  /** Set with `until`. */
  readonly ending?: Ending
}

/** What a payment meets on its way. */
export interface Passing {
  readonly gateway: GatewayName
  /** As `merchant/id`. */
  readonly account: string
  readonly network: Brand
  readonly issuer: string
}

/** The beginning of an outage that is found now. */
export function newOutage(of: Omit<Outage, 'id' | 'triedAt'>): Outage {
  return { id: `out_${randomUUID().replaceAll('-', '')}`, triedAt: of.since, ...of }
}

/** The places on a way, the narrowest first: account, issuer, network, gateway. */
export function placesOf({ gateway, account, network, issuer }: Passing): Place[] {
  const places = [{ scope: account, network: '', issuer: '' }]
  // Cards of banks that nobody knows have no bank in common.
  if (issuer !== '') places.push({ scope: gateway, network, issuer })
  places.push({ scope: gateway, network, issuer: '' }, { scope: gateway, network: '', issuer: '' })
  return places
}

/** Whether a place is on the way. */
export function isIn(passing: Passing, { scope, network, issuer }: Place): boolean {
  return (
    (scope === passing.account || scope === passing.gateway) &&
    (network === '' || network === passing.network) &&
    (issuer === '' || issuer === passing.issuer)
  )
}

/** Whether an outage is on the way, and concerns the merchant whose way it is. */
export function isHitBy(passing: Passing, outage: Place & Pick<Outage, 'merchant'>): boolean {
  const { merchant } = outage
  if (!isIn(passing, outage)) return false
  return merchant === '' || passing.account.startsWith(`${merchant}/`)
}

/** A place's name. */
export function placeName({ scope, network, issuer }: Place): string {
  return `${scope} ${network} ${issuer}`
}
