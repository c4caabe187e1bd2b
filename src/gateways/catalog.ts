import { cashfree } from './cashfree.ts'
import type { Gateway } from './gateway.ts'
import { payu } from './payu.ts'
import { razorpay } from './razorpay.ts'
import { simulator } from './simulator.ts'

/** Every gateway that a merchant's account can be at. */
export const gateways = { simulator, razorpay, cashfree, payu } satisfies Record<string, Gateway>

/** A gateway's name in the database and on the command line. */
export type GatewayName = keyof typeof gateways

/** Whether a stored word names a gateway of this program. */
export function isGatewayName(word: string): word is GatewayName {
  return Object.hasOwn(gateways, word)
}

/** The gateway by its stored name, seen through the contract alone. */
export function gatewayNamed(name: GatewayName): Gateway {
  return gateways[name]
}
