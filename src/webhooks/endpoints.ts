import type { Row, Tx } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import type { SealedRow } from '../merchants/merchant-secrets.ts'
import type { Get } from '../payments/orders.ts'
import type { Seal } from '../seal.ts'
import type { WebhookName } from '../wire/webhook-name.ts'
import { accessText, type Endpoint, type EndpointAccess, readAccess } from './endpoint.ts'

/** Names one endpoint. */
export interface EndpointKey {
  readonly merchant: MerchantId
  readonly id: string
}

const columns = `merchant, id, url, events, sealed, failures, paused_until, disabled_at,
  created_at`

/** Inserts an endpoint; `false`, and nothing written, when the merchant has one by this id. */
export async function insertEndpoint(t: Tx, seal: Seal, endpoint: Endpoint): Promise<boolean> {
  const rows = await t.get(
    `insert into endpoints (merchant, id, url, events, sealed, failures, paused_until, created_at)
     values ($1, $2, $3, $4, $5, 0, 0, $6) on conflict (merchant, id) do nothing returning id`,
    [
      endpoint.merchant,
      endpoint.id,
      endpoint.url,
      endpoint.events.join(','),
      sealed(seal, endpoint, endpoint.access),
      endpoint.createdAt,
    ],
  )
  return rows.length > 0
}

/** The endpoints of a merchant, the oldest first. */
export async function endpointsOf(get: Get, seal: Seal, merchant: MerchantId): Promise<Endpoint[]> {
  const rows = await get(
    `select ${columns} from endpoints where merchant = $1 order by created_at`,
    [merchant],
  )
  return rows.map((row) => endpointFrom(seal, row))
}

/** What the endpoints of a merchant want to hear of; nothing sealed is opened for it. */
export async function interestsOf(
  get: Get,
  merchant: MerchantId,
): Promise<Pick<Endpoint, 'id' | 'events'>[]> {
  const rows = await get(
    'select id, events from endpoints where merchant = $1 order by created_at',
    [merchant],
  )
  return rows.map((row) => ({ id: String(row['id']), events: eventsIn(row) }))
}

/**
 * The same of all merchants who have an account at a gateway that is not switched off; of one
 * merchant alone (`''`: of all) where an account of theirs is meant.
 */
export async function interestsAt(
  get: Get,
  { gateway, merchant }: { gateway: string; merchant: string },
): Promise<Pick<Endpoint, 'merchant' | 'id' | 'events'>[]> {
  const rows = await get(
    `select merchant, id, events from endpoints e where merchant = $2 or exists (
       select 1 from accounts a
       where a.merchant = e.merchant and a.gateway = $1 and a.disabled_at is null)`,
    [gateway, merchant],
  )
  return rows.map((row) => ({
    merchant: row['merchant'] as MerchantId,
    id: String(row['id']),
    events: eventsIn(row),
  }))
}

/** One endpoint of a merchant, or `undefined`. */
export async function findEndpoint(
  get: Get,
  seal: Seal,
  key: EndpointKey,
): Promise<Endpoint | undefined> {
  const [row] = await get(`select ${columns} from endpoints where merchant = $1 and id = $2`, [
    key.merchant,
    key.id,
  ])
  return row && endpointFrom(seal, row)
}

/** Locks an endpoint for the rest of the tx and gives it as it then is, or `undefined`. */
export async function holdEndpoint(
  t: Tx,
  seal: Seal,
  key: EndpointKey,
): Promise<Endpoint | undefined> {
  const [row] = await t.get(
    `update endpoints set id = id where merchant = $1 and id = $2 returning ${columns}`,
    [key.merchant, key.id],
  )
  return row && endpointFrom(seal, row)
}

/** Gives a held endpoint another access. */
export function changeAccess(
  t: Tx,
  seal: Seal,
  { key, access }: { key: EndpointKey; access: EndpointAccess },
): void {
  t.put('update endpoints set sealed = $3 where merchant = $1 and id = $2', [
    key.merchant,
    key.id,
    sealed(seal, key, access),
  ])
}

/** How an endpoint stands after an attempt. */
export interface Circuit {
  readonly failures: number
  readonly pausedUntil: number
  readonly disabledAt?: number
}

/** Writes how a held endpoint stands. */
export function setCircuit(t: Tx, key: EndpointKey, to: Circuit): void {
  t.put(
    `update endpoints set failures = $3, paused_until = $4, disabled_at = $5
     where merchant = $1 and id = $2`,
    [key.merchant, key.id, to.failures, to.pausedUntil, to.disabledAt ?? null],
  )
}

/** Says of an endpoint that it answers; does nothing where that is known. */
export function endFailures(t: Tx, key: EndpointKey): void {
  t.put(
    `update endpoints set failures = 0, paused_until = 0
     where merchant = $1 and id = $2 and failures > 0`,
    [key.merchant, key.id],
  )
}

/** Takes the one attempt of a paused endpoint whose time has come; `false`: somebody else did. */
export async function takeProbe(
  t: Tx,
  endpoint: Pick<Endpoint, 'merchant' | 'id' | 'pausedUntil'>,
  until: number,
): Promise<boolean> {
  const rows = await t.get(
    `update endpoints set paused_until = $4
     where merchant = $1 and id = $2 and paused_until = $3 and disabled_at is null returning id`,
    [endpoint.merchant, endpoint.id, endpoint.pausedUntil, until],
  )
  return rows.length > 0
}

/** Removes an endpoint; `false` when the merchant has none by this id. */
export async function deleteEndpoint(t: Tx, key: EndpointKey): Promise<boolean> {
  const rows = await t.get('delete from endpoints where merchant = $1 and id = $2 returning id', [
    key.merchant,
    key.id,
  ])
  return rows.length > 0
}

/** The endpoints whose sealed text begins otherwise, of all merchants. */
export async function endpointsNot(get: Get, beginning: string): Promise<SealedRow[]> {
  const rows = await get(
    'select merchant, id, sealed from endpoints where substr(sealed, 1, length($1)) <> $1',
    [beginning],
  )
  return rows.map((row) => {
    const key = { merchant: row['merchant'] as MerchantId, id: String(row['id']) }
    const old = String(row['sealed'])
    return {
      sealed: old,
      to: sealedFor(key),
      replace: (t, sealed) =>
        t.put('update endpoints set sealed = $3 where merchant = $1 and id = $2 and sealed = $4', [
          key.merchant,
          key.id,
          sealed,
          old,
        ]),
    }
  })
}

function sealed(seal: Seal, key: EndpointKey, access: EndpointAccess): string {
  return seal.close(accessText(access), sealedFor(key))
}

function sealedFor({ merchant, id }: EndpointKey) {
  return { purpose: 'webhook endpoint', owner: `${merchant}/${id}` }
}

function endpointFrom(seal: Seal, row: Row): Endpoint {
  const key = { merchant: row['merchant'] as MerchantId, id: String(row['id']) }
  return {
    ...key,
    url: String(row['url']),
    events: eventsIn(row),
    access: readAccess(seal.open(String(row['sealed']), sealedFor(key))),
    failures: Number(row['failures']),
    pausedUntil: Number(row['paused_until']),
    ...(row['disabled_at'] !== null && { disabledAt: Number(row['disabled_at']) }),
    createdAt: Number(row['created_at']),
  }
}

function eventsIn(row: Row): WebhookName[] {
  const events = String(row['events'])
  return events === '' ? [] : (events.split(',') as WebhookName[])
}
