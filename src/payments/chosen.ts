import type { GatewayName } from '../gateways/catalog.ts'
import type { Said } from '../gateways/gateway.ts'
import type { Choice, Plan, Way } from '../gateways/routing.ts'

/** Why an account was chosen, and the name its merchant calls it by. */
export interface Chosen extends Choice {
  readonly label?: string
  /** The starts that came to nothing elsewhere, the first one first. */
  readonly left?: readonly Left[]
}

/** A start that an account has said came to nothing, and what its gateway called it. */
export interface Left extends Pick<Said, 'ref' | 'handle'> {
  readonly account: string
  readonly gateway: GatewayName
  readonly tries: number
}

/** What is kept of a plan on a txn that goes this way. */
export function chosen({ choice }: Plan, { account }: Way): Chosen {
  return { ...choice, ...(account.label !== undefined && { label: account.label }) }
}
