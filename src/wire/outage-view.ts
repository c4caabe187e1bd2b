import { type Static, Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import type { Outage } from '../gateways/outage.ts'

const orNull = Type.Union([Type.String(), Type.Null()])

/** A time in which a gateway, a network there, an issuer or one account was down. */
export const OutageBody = Type.Object({
  id: Type.String(),
  payment_method_type: Type.Literal('CARD'),
  payment_method: Type.Union([Type.String(), Type.Null()], {
    description: 'The network; null: all',
  }),
  issuer: Type.Union([Type.String(), Type.Null()], { description: 'The bank; null: all' }),
  gateway: orNull,
  account: Type.Union([Type.String(), Type.Null()], {
    description: "One account of the merchant's; null: the gateway itself",
  }),
  status: Type.Union([Type.Literal('DOWN'), Type.Literal('RECOVERED'), Type.Literal('UNKNOWN')], {
    description: 'UNKNOWN: nobody has tried it for long, or its account has changed',
  }),
  since: Type.String(),
  until: orNull,
})

/** An outage as merchants see it. */
export function outageBody(outage: Outage): Static<typeof OutageBody> {
  const { id, scope, network, issuer, since, until } = outage
  const [, account] = scope.split('/')
  return {
    id,
    payment_method_type: 'CARD',
    payment_method: network || null,
    issuer: issuer || null,
    gateway: account === undefined ? scope : null,
    account: account ?? null,
    status: statusOf(outage),
    since: isoSeconds(since),
    until: until === undefined ? null : isoSeconds(until),
  }
}

function statusOf({ until, ending }: Outage): Static<typeof OutageBody>['status'] {
  if (until === undefined) return 'DOWN'
  return ending === 'untried' ? 'UNKNOWN' : 'RECOVERED'
}
