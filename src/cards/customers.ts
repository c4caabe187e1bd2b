import type { Db, Row, Tx } from '../db/db.ts'
import { type CustomerId, type MerchantId, type Shard, shardIn, shardOf } from '../ids.ts'
import { type Customer, type CustomerFields, isCustomerId } from './customer.ts'

type Get = Db['read']

const columns = 'shard, merchant, reference, id, fields, created_at, updated_at'

/** Inserts a customer; `false`, and nothing written, when the merchant has one by this name. */
export async function insertCustomer(t: Tx, customer: Customer): Promise<boolean> {
  const rows = await t.get(
    `insert into customers (shard, merchant, reference, id, fields, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (shard, merchant, reference) do nothing returning id`,
    [
      customer.shard,
      customer.merchant,
      customer.reference,
      customer.id,
      JSON.stringify(customer.fields),
      customer.createdAt,
      customer.updatedAt,
    ],
  )
  return rows.length > 0
}

/** The customer by our id or the merchant's own, or `undefined`. */
export async function findCustomer(
  get: Get,
  merchant: MerchantId,
  named: string,
): Promise<Customer | undefined> {
  const [row] = isCustomerId(named)
    ? await get(`select ${columns} from customers where shard = $1 and merchant = $2 and id = $3`, [
        shardIn(named) ?? null,
        merchant,
        named,
      ])
    : await get(
        `select ${columns} from customers where shard = $1 and merchant = $2 and reference = $3`,
        [shardOf(merchant, named), merchant, named],
      )
  return row && customerFrom(row)
}

/** Lays fields over what is known of a customer who is there; gives the customer as it is then. */
export async function changeCustomer(
  t: Tx,
  there: Customer,
  to: { fields: CustomerFields; at: number },
): Promise<Customer | undefined> {
  const key = [there.shard, there.merchant, there.reference]
  const [row] = await t.get(
    `update customers set updated_at = $4 where shard = $1 and merchant = $2 and reference = $3
     returning ${columns}`,
    [...key, to.at],
  )
  if (!row) return undefined
  const now = customerFrom(row)
  const fields = { ...now.fields, ...to.fields }
  t.put('update customers set fields = $4 where shard = $1 and merchant = $2 and reference = $3', [
    ...key,
    JSON.stringify(fields),
  ])
  return { ...now, fields }
}

/** Some of a merchant's customers, the newest first. All shards: for this list only. */
export async function pageOfCustomers(
  get: Get,
  merchant: MerchantId,
  page: { count: number; offset: number },
): Promise<Customer[]> {
  const rows = await get(
    `select ${columns} from customers where merchant = $1
     order by created_at desc limit $2 offset $3`,
    [merchant, page.count, page.offset],
  )
  return rows.map(customerFrom)
}

/** How many customers a merchant has; counting ends at `most`. All shards: for their list only. */
export async function countCustomers(
  get: Get,
  merchant: MerchantId,
  most: number,
): Promise<number> {
  const [row] = await get(
    `select count(*) as total from
       (select 1 as one from customers where merchant = $1 limit $2) as counted`,
    [merchant, most],
  )
  return Number(row?.['total'])
}

function customerFrom(row: Row): Customer {
  return {
    shard: row['shard'] as Shard,
    merchant: row['merchant'] as MerchantId,
    reference: String(row['reference']),
    id: row['id'] as CustomerId,
    fields: JSON.parse(String(row['fields'])),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
  }
}
