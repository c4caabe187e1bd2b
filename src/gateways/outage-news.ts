import type { Db, Tx } from '../db/db.ts'
import type { Outage } from './outage.ts'
import { outageFrom } from './outages.ts'

const columns = 'id, gateway, network, issuer, merchant, signal, since, tried_at, until, ending'

/** An outage of which merchants are to be told. */
export interface OutageToTell extends Outage {
  /** Whether its beginning was told; then it is its end's turn. */
  readonly isBegun: boolean
}

/** The outages whose beginning or end is still to be told, the oldest first. */
export async function outagesToTell(get: Db['read'], most: number): Promise<OutageToTell[]> {
  const rows = await get(
    `select ${columns}, told from outages
     where told < 2 and (told = 0 or until is not null) order by since limit $1`,
    [most],
  )
  return rows.map((row) => ({ ...outageFrom(row), isBegun: Number(row['told']) > 0 }))
}

/** Takes it on to tell this; `false` when somebody else has. */
export async function takeOutageNews(t: Tx, { id, isBegun }: OutageToTell): Promise<boolean> {
  const rows = await t.get(
    'update outages set told = told + 1 where id = $1 and told = $2 returning id',
    [id, isBegun ? 1 : 0],
  )
  return rows.length > 0
}

/** One outage by its id, or `undefined`. */
export async function findOutage(get: Db['read'], id: string): Promise<Outage | undefined> {
  const [row] = await get(`select ${columns} from outages where id = $1`, [id])
  return row && outageFrom(row)
}
