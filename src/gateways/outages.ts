import type { Db, Row, Tx } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import type { Account } from './account.ts'
import type { OutageChanges } from './down.ts'
import type { Ending, Outage } from './outage.ts'

const columns = 'id, gateway, network, issuer, merchant, signal, since, tried_at, until, ending'

/** Nobody knows whether what nobody has tried works again: such an end is no news. */
const toldAtEnd = "case when $2 = 'untried' then 2 else told end"

/** Writes down what has changed; somebody else may have done so before. */
export function writeOutages(t: Tx, { opened, closed, tried }: OutageChanges): void {
  for (const { id, scope, network, issuer, merchant, signal, since, triedAt } of opened) {
    t.put(
      `insert into outages (id, gateway, network, issuer, merchant, signal, since, tried_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (gateway, network, issuer, merchant) where until is null do nothing`,
      [id, scope, network, issuer, merchant, signal, since, triedAt],
    )
  }
  for (const { id, triedAt } of tried) {
    t.put('update outages set tried_at = $2 where id = $1 and tried_at < $2', [id, triedAt])
  }
  for (const { id, until = 0, ending = 'recovered' } of closed) {
    t.put(
      `update outages set until = $1, ending = $2, told = ${toldAtEnd}
       where id = $3 and until is null`,
      [until, ending, id],
    )
  }
}

/**
 * Ends what keeps payments from an account: its own outages, and those of its gateway that its
 * merchant's payments alone have shown. `recovered` when the gateway has just let it in, `untried`
 * when its credentials or address are others now. All processes know it within a second.
 */
export function endOutagesOf(
  t: Tx,
  merchant: MerchantId,
  { account, ending, now }: AccountNews,
): void {
  t.put(
    `update outages set until = $1, ending = $2, told = ${toldAtEnd}
     where until is null and merchant = $3 and gateway in ($4, $5)`,
    [now, ending, merchant, `${merchant}/${account.id}`, account.gateway],
  )
}

/** What there is to say of an account, and when. */
export interface AccountNews {
  readonly account: Pick<Account, 'id' | 'gateway'>
  readonly ending: Ending
  /** Epoch milliseconds. */
  readonly now: number
}

/** What is down now, everywhere. */
export async function openOutages(get: Db['read']): Promise<Outage[]> {
  return (await get(`select ${columns} from outages where until is null`, [])).map(outageFrom)
}

/** Outages that began since then and concern a merchant, the newest first; so many at the most. */
export async function outagesOf(
  get: Db['read'],
  merchant: MerchantId,
  { since, most }: { since: number; most: number },
): Promise<Outage[]> {
  const rows = await get(
    `select ${columns} from outages
     where since >= $2 and merchant in ('', $1) order by since desc limit $3`,
    [merchant, since, most],
  )
  return rows.map(outageFrom)
}

/** An outage from its row. */
export function outageFrom(row: Row): Outage {
  return {
    id: String(row['id']),
    scope: String(row['gateway']),
    network: String(row['network']),
    issuer: String(row['issuer']),
    merchant: String(row['merchant']),
    signal: row['signal'] as Outage['signal'],
    since: Number(row['since']),
    triedAt: Number(row['tried_at']),
    ...(row['until'] !== null && { until: Number(row['until']), ending: row['ending'] as Ending }),
  }
}
