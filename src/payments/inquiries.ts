import type { Row, Tx, Value } from '../db/db.ts'
import type { GatewayName } from '../gateways/catalog.ts'
import type { MerchantId, Shard, TxnId } from '../ids.ts'
import type { Inquiry } from './inquiry.ts'
import type { Get } from './orders.ts'

/** Has the clock put a question; one that waits already is put sooner, if this comes sooner. */
export function openInquiry(t: Tx, inquiry: Inquiry): void {
  t.put(
    `insert into inquiries (shard, merchant, txn, tries, account, gateway, said, looks, lease,
       due_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)
     on conflict (shard, merchant, txn, tries) do update
       set due_at = $9, looks = $8, lease = inquiries.lease + 1 where inquiries.due_at > $9`,
    [
      ...keyOf(inquiry),
      inquiry.account,
      inquiry.gateway,
      JSON.stringify(inquiry.said),
      inquiry.looks,
      inquiry.dueAt,
    ],
  )
}

/** The questions that wait for the clock, the longest due first. All shards: for chores only. */
export async function dueInquiries(get: Get, now: number, most: number): Promise<Inquiry[]> {
  const rows = await get(
    `select shard, merchant, txn, tries, account, gateway, said, looks, lease, due_at
     from inquiries where due_at <= $1 order by due_at limit $2`,
    [now, most],
  )
  return rows.map(inquiryFrom)
}

/** Takes the turn to put a question until then; `undefined` when somebody else has taken it. */
export async function takeInquiry(
  t: Tx,
  seen: Inquiry,
  until: number,
): Promise<Inquiry | undefined> {
  const rows = await t.get(
    `update inquiries set lease = lease + 1, looks = looks + 1, due_at = $6
     where shard = $1 and merchant = $2 and txn = $3 and tries = $4 and lease = $5
     returning lease`,
    [...keyOf(seen), seen.lease, until],
  )
  const taken = { lease: seen.lease + 1, looks: seen.looks + 1, dueAt: until }
  return rows.length > 0 ? { ...seen, ...taken } : undefined
}

/** Ends a question; `false`, and nothing written, when there was news while it was put. */
export async function endInquiry(t: Tx, taken: Inquiry): Promise<boolean> {
  const rows = await t.get(
    `delete from inquiries
     where shard = $1 and merchant = $2 and txn = $3 and tries = $4 and lease = $5
     returning lease`,
    [...keyOf(taken), taken.lease],
  )
  return rows.length > 0
}

/** Puts a question off that is as it was seen: it is still open, or the work on it has failed. */
export function postponeInquiry(t: Tx, seen: Inquiry, until: number): void {
  t.put(
    `update inquiries set due_at = $6
     where shard = $1 and merchant = $2 and txn = $3 and tries = $4 and lease = $5`,
    [...keyOf(seen), seen.lease, until],
  )
}

function keyOf({ txn, tries }: Inquiry): Value[] {
  return [txn.shard, txn.merchant, txn.id, tries]
}

function inquiryFrom(row: Row): Inquiry {
  return {
    txn: {
      shard: row['shard'] as Shard,
      merchant: row['merchant'] as MerchantId,
      id: row['txn'] as TxnId,
    },
    tries: Number(row['tries']),
    account: String(row['account']),
    gateway: row['gateway'] as GatewayName,
    said: JSON.parse(String(row['said'])),
    looks: Number(row['looks']),
    lease: Number(row['lease']),
    dueAt: Number(row['due_at']),
  }
}
