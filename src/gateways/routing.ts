import { type GatewayName, gatewayNamed } from './catalog.ts'
import type { Access } from './gateway.ts'

/** A merchant's account at a gateway. */
export interface Account {
  readonly id: string
  readonly gateway: GatewayName
  readonly access: Access
}

/** What a caller asked for: a gateway by its wire number, an account by its id, or neither. */
export interface Wish {
  readonly gatewayId?: string
  readonly accountId?: string
}

/** The account a payment goes through; `undefined` when none of the merchant's fits the wish. */
export function chooseAccount(accounts: readonly Account[], wish: Wish): Account | undefined {
  return accounts.find(
    (account) =>
      (wish.gatewayId === undefined ||
        String(gatewayNamed(account.gateway).wireId) === wish.gatewayId) &&
      (wish.accountId === undefined || account.id === wish.accountId),
  )
}
