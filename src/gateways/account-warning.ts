import { type GatewayName, gatewayNamed } from './catalog.ts'

/** What whoever writes an account should know, though nothing is wrong with it. */
export type AccountWarning =
  /** Callbacks there can't be verified, so that they are refused. */
  | { readonly kind: 'unverified_callbacks' }
  /** Another account of the merchant is the same one at the gateway. */
  | { readonly kind: 'same_credentials'; readonly id: string }
  /** The simulated bank's account takes payments too. */
  | { readonly kind: 'simulator_shares'; readonly id: string }

/** Whether callbacks of an account can be verified, by the names of its credentials. */
export function verifiesCallbacks(gateway: GatewayName, names: readonly string[]): boolean {
  const isOptional = gatewayNamed(gateway).credentials.includes('webhook_secret?')
  return !isOptional || names.includes('webhook_secret')
}

/** A warning in a sentence. */
export function sentenceOf(warning: AccountWarning): string {
  switch (warning.kind) {
    case 'unverified_callbacks':
      return "Without webhook_secret its callbacks can't be verified, and are refused."
    case 'same_credentials':
      return `Account ${warning.id} has the same credentials.`
    case 'simulator_shares':
      return `Account ${warning.id} shares the payments with it until it is disabled.`
    default:
      return warning satisfies never
  }
}
