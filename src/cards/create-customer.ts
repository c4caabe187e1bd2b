import assert from 'node:assert/strict'
import type { Db } from '../db/db.ts'
import { newCustomerId, shardOf } from '../ids.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal } from '../refusal.ts'
import { type Customer, type CustomerFields, isCustomerId, isSameCustomer } from './customer.ts'
import { changeCustomer, findCustomer, insertCustomer } from './customers.ts'

/** What is needed to keep customers. */
export interface CustomerRoom {
  readonly db: Db
  readonly now: () => number
}

/**
 * Creates a customer, or gives the one who is there when all that is told of them is the same.
 * Refuses a different one by the same name.
 */
export async function createCustomer(
  room: CustomerRoom,
  { id: merchant }: Merchant,
  asked: { reference: string; fields: CustomerFields },
): Promise<Customer> {
  const { reference, fields } = asked
  const at = room.now()
  const shard = shardOf(merchant, reference)
  const id = newCustomerId(shard)
  const fresh: Customer = { shard, merchant, reference, id, fields, createdAt: at, updatedAt: at }
  if (await room.db.tx((t) => insertCustomer(t, fresh))) return fresh
  const there = await findCustomer(room.db.read, merchant, reference)
  assert(there, 'a customer who could not be inserted is there')
  if (isSameCustomer(there.fields, fields)) return there
  throw new Refusal('customer_exists', { subject: reference })
}

/** Changes what is known of a customer; what is not told stays. Refuses an unknown one. */
export async function updateCustomer(
  room: CustomerRoom,
  merchant: Merchant,
  asked: { named: string; fields: CustomerFields },
): Promise<Customer> {
  const there = await knownCustomer(room, merchant, asked.named)
  const to = { fields: asked.fields, at: room.now() }
  const changed = await room.db.tx((t) => changeCustomer(t, there, to))
  assert(changed, 'a customer is never deleted')
  return changed
}

/** The customer by our id or the merchant's own. Refuses an unknown one. */
export async function knownCustomer(
  { db }: Pick<CustomerRoom, 'db'>,
  { id }: Merchant,
  named: string,
): Promise<Customer> {
  const customer = await findCustomer(db.read, id, named)
  if (!customer) throw new Refusal('customer_unknown')
  return customer
}

/**
 * The name that cards know a customer by. The merchant's own needs no creation; an id of ours must
 * be one of theirs: `undefined` when it is not.
 */
export async function referenceOf(
  { db }: Pick<CustomerRoom, 'db'>,
  { id }: Merchant,
  named: string,
): Promise<string | undefined> {
  if (!isCustomerId(named)) return named
  return (await findCustomer(db.read, id, named))?.reference
}
