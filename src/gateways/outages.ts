import type { Db, Row, Tx } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import type { Outage, OutageChanges } from './outage.ts'

/** Writes down what went down and what is up again; somebody else may have done so before. */
export function writeOutages(t: Tx, { opened, closed }: OutageChanges): void {
  for (const { id, scope, network, issuer, since } of opened) {
    t.put(
      `insert into outages (id, gateway, network, issuer, since) values ($1, $2, $3, $4, $5)
       on conflict (gateway, network, issuer) where until is null do nothing`,
      [id, scope, network, issuer, since],
    )
  }
  for (const { id, until = 0 } of closed) {
    t.put('update outages set until = $2 where id = $1 and until is null', [id, until])
  }
}

/** What is down now, everywhere. */
export async function openOutages(get: Db['read']): Promise<Outage[]> {
  const rows = await get(
    'select id, gateway, network, issuer, since, until from outages where until is null',
    [],
  )
  return rows.map(outageFrom)
}

/** Outages that began since then and concern a merchant, the newest first; so many at the most. */
export async function outagesOf(
  get: Db['read'],
  merchant: MerchantId,
  { since, most }: { since: number; most: number },
): Promise<Outage[]> {
  const rows = await get(
    `select id, gateway, network, issuer, since, until from outages
     where since >= $2
       and (replace(gateway, '/', '') = gateway or substr(gateway, 1, length($1)) = $1)
     order by since desc limit $3`,
    [`${merchant}/`, since, most],
  )
  return rows.map(outageFrom)
}

function outageFrom(row: Row): Outage {
  return {
    id: String(row['id']),
    scope: String(row['gateway']),
    network: String(row['network']),
    issuer: String(row['issuer']),
    since: Number(row['since']),
    ...(row['until'] !== null && { until: Number(row['until']) }),
  }
}
