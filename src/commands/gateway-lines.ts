import { type GatewayName, gatewayNamed, gateways } from '../gateways/catalog.ts'

/** Every gateway in a line of its own, with the credentials that an account there has. */
export function gatewayLines(): string[] {
  const names = Object.keys(gateways) as GatewayName[]
  const longest = Math.max(...names.map(({ length }) => length))
  return names.map((name) => {
    const credentials = gatewayNamed(name).credentials.map((one) =>
      one.endsWith('?') ? `[${one.slice(0, -1)}=…]` : `${one}=…`,
    )
    return [name.padEnd(longest), ...credentials].join(' ')
  })
}
