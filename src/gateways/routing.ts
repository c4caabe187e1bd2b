import { type Brand, brandOf } from '../cards/bin.ts'
import { type GatewayName, gatewayNamed } from './catalog.ts'
import type { Access } from './gateway.ts'

/** A merchant's account at a gateway. */
export interface Account {
  readonly id: string
  readonly gateway: GatewayName
  readonly access: Access
}

/** An account as it is for one card. */
export interface AccountForCard extends Account {
  /** It has said that it does no OTP for the card's BIN, and is not asked again before then. */
  readonly noOtpUntil?: number
}

/** An account that does no OTP for cards of a BIN, by its own word. */
export interface Barred {
  readonly account: string
  /** The first nine digits of the card. */
  readonly bin: string
}

/** What a caller asked for: a gateway by its wire number, an account by its id, or neither. */
export interface Wish {
  readonly gatewayId?: string
  readonly accountId?: string
}

/** The way a payment goes: through which account, and whether an OTP is asked for there. */
export interface Way {
  readonly account: Account
  readonly auth: 'OTP' | 'REDIRECT'
}

/** What decides the way of one payment. */
export interface Routed {
  readonly wish: Wish
  readonly brand: Brand
  readonly wantsOtp: boolean
  readonly now: number
}

/**
 * The way of a payment: the first account that fits the wish and does OTP for the card, else the
 * first that fits and has the bank's page; `undefined` when none fits.
 */
export function chooseWay(
  accounts: readonly AccountForCard[],
  { wish, brand, wantsOtp, now }: Routed,
): Way | undefined {
  const fitting = accounts.filter((account) => fits(account, wish))
  const withOtp = wantsOtp ? fitting.find((account) => doesOtp(account, brand, now)) : undefined
  if (withOtp) return { account: withOtp, auth: 'OTP' }
  const [first] = fitting
  return first && { account: first, auth: 'REDIRECT' }
}

/** Whether an account does OTP for a card of this network, as far as anyone knows. */
export function doesOtp(account: AccountForCard, brand: Brand, now: number): boolean {
  const gateway = gatewayNamed(account.gateway)
  const barred = account.noOtpUntil !== undefined && account.noOtpUntil > now
  return gateway.submitOtp !== undefined && gateway.otpBrands.includes(brand) && !barred
}

/** The BINs that some account does OTP for, by what gateways publish and what was learned. */
export function otpBins(
  bins: readonly string[],
  accounts: readonly Account[],
  barred: readonly Barred[],
): string[] {
  const learned = Map.groupBy(barred, ({ bin }) => bin)
  return bins.filter((bin) => {
    const brand = brandOf(bin)
    const without = learned.get(bin)?.map(({ account }) => account) ?? []
    const left = accounts.filter(({ id }) => !without.includes(id))
    return brand !== undefined && left.some((account) => doesOtp(account, brand, 0))
  })
}

function fits(account: Account, wish: Wish): boolean {
  const { gatewayId, accountId } = wish
  const number = String(gatewayNamed(account.gateway).wireId)
  return (
    (gatewayId === undefined || number === gatewayId) &&
    (accountId === undefined || account.id === accountId)
  )
}
