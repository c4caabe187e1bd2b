import type { MerchantId } from '../ids.ts'
import type { AuditDeed, AuditDone } from '../merchants/audit-entry.ts'
import { type AuditedBy, type AuditRoom, doAudited } from '../merchants/do-audited.ts'
import type { Seal } from '../seal.ts'
import type { Secret } from '../secret.ts'
import { deleteWaiting, unparkDeliveries } from './deliveries.ts'
import { orderEndpoint } from './delivery.ts'
import {
  type Endpoint,
  type EndpointAccess,
  type NewEndpoint,
  newEndpointId,
  rotated,
} from './endpoint.ts'
import {
  changeAccess,
  deleteEndpoint,
  type EndpointKey,
  findEndpoint,
  holdEndpoint,
  insertEndpoint,
  setCircuit,
} from './endpoints.ts'

/** Where endpoints are kept. */
export interface EndpointKeeper extends AuditRoom {
  readonly seal: Seal
}

/** An endpoint and its newest signing secret, which is shown this once. */
export interface WithSecret {
  readonly endpoint: Endpoint
  readonly secret: Secret
}

/** Adds an endpoint with a signing secret of its own. */
export async function addEndpoint(
  by: EndpointKeeper,
  merchant: MerchantId,
  { said, ...change }: AuditedBy & { readonly said: NewEndpoint },
): Promise<WithSecret> {
  const { url, events, ...access } = said
  const endpoint = anEndpoint(
    { merchant, id: newEndpointId() },
    { url, events, now: change.now, access: { ...access, secrets: [] } },
  )
  const done = doneTo(endpoint, 'webhook_added', change)
  await doAudited(by, done, (t) => insertEndpoint(t, by.seal, endpoint))
  return withSecret(endpoint)
}

/**
 * What the URLs that orders name themselves are signed with, made when it is first needed: one
 * secret of the merchant for all of them.
 */
export async function orderAccess(
  by: EndpointKeeper,
  merchant: MerchantId,
  now: number,
): Promise<EndpointAccess> {
  const key = { merchant, id: orderEndpoint }
  const found = await findEndpoint(by.db.read, by.seal, key)
  if (found) return found.access
  await by.db.tx((t) => insertEndpoint(t, by.seal, anOrderEndpoint(merchant, now)))
  const made = await findEndpoint(by.db.read, by.seal, key)
  return made?.access ?? orderAccess(by, merchant, now)
}

/** Gives an endpoint a new secret, beside which the one before signs for a day. */
export async function rotateSecret(
  by: EndpointKeeper,
  key: EndpointKey,
  change: AuditedBy,
): Promise<WithSecret | undefined> {
  const { now } = change
  return doAudited(by, doneTo(key, 'webhook_rotated', change), async (t) => {
    if (key.id === orderEndpoint) {
      const first = anOrderEndpoint(key.merchant, now)
      if (await insertEndpoint(t, by.seal, first)) return withSecret(first)
    }
    const endpoint = await holdEndpoint(t, by.seal, key)
    if (!endpoint) return undefined
    const access = rotated(endpoint.access, now)
    changeAccess(t, by.seal, { key, access })
    return withSecret({ ...endpoint, access })
  })
}

/** Opens an endpoint that was disabled or paused: all that waited for it is due. */
export async function enableEndpoint(
  by: EndpointKeeper,
  key: EndpointKey,
  change: AuditedBy,
): Promise<Endpoint | undefined> {
  return doAudited(by, doneTo(key, 'webhook_enabled', change), async (t) => {
    const endpoint = await holdEndpoint(t, by.seal, key)
    if (!endpoint) return undefined
    const { disabledAt: _disabledAt, ...rest } = endpoint
    setCircuit(t, key, { failures: 0, pausedUntil: 0 })
    unparkDeliveries(t, key, change.now)
    return { ...rest, failures: 0, pausedUntil: 0 }
  })
}

/**
 * Removes an endpoint and what waits for it; `false` when there is none. What stands for orders'
 * own URLs is none: receivers know its secret.
 */
export async function removeEndpoint(
  by: EndpointKeeper,
  key: EndpointKey,
  change: AuditedBy,
): Promise<boolean> {
  if (key.id === orderEndpoint) return false
  return doAudited(by, doneTo(key, 'webhook_removed', change), async (t) => {
    if (!(await deleteEndpoint(t, key))) return false
    deleteWaiting(t, key)
    return true
  })
}

function doneTo(key: EndpointKey, deed: AuditDeed, { actor, now }: AuditedBy): AuditDone {
  return { merchant: key.merchant, at: now, actor, deed, subject: key.id }
}

type Told = Pick<Endpoint, 'url' | 'events' | 'access'> & { readonly now: number }

function anEndpoint(key: EndpointKey, { url, events, access, now }: Told): Endpoint {
  const started = rotated(access, now)
  return { ...key, url, events, access: started, failures: 0, pausedUntil: 0, createdAt: now }
}

function anOrderEndpoint(merchant: MerchantId, now: number): Endpoint {
  const key = { merchant, id: orderEndpoint }
  return anEndpoint(key, { url: '', events: [], access: { headers: {}, secrets: [] }, now })
}

function withSecret(endpoint: Endpoint): WithSecret {
  const [newest] = endpoint.access.secrets
  if (!newest) throw new Error('an endpoint has a signing secret')
  return { endpoint, secret: newest.secret }
}
