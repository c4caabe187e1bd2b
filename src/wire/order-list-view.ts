import { Type } from 'typebox'
import type { Page } from '../payments/order-lists.ts'
import { wholeBetween } from '../reader.ts'
import { badField } from '../refusal.ts'
import { OrderShown } from './order-view.ts'
import type { Fields } from './request.ts'

/** Each order of a page is read with its payment and refunds. */
const mostOrders = 100
const usualOrders = 10

/** How many orders are counted and can be paged through: an offset walks over all before it. */
export const mostCounted = 10_000

/** The query of a list of orders. */
export const OrderListQuery = Type.Object({
  count: Type.Optional(Type.String()),
  offset: Type.Optional(Type.String()),
})

/** A page of a merchant's orders. */
export const OrderList = Type.Object({
  count: Type.Integer({ description: 'How many are in this list' }),
  offset: Type.Integer(),
  total: Type.Integer({ description: `How many there are; counted up to ${mostCounted}` }),
  list: Type.Array(OrderShown),
})

const readCount = wholeBetween(1, Number.MAX_SAFE_INTEGER)
const readOffset = wholeBetween(0, mostCounted)

/**
 * The page that a query asks for; a count beyond the most is the most, as the answer tells. Throws
 * `invalid_request` for any other number that is out of bounds.
 */
export function readPage(query: Fields): Page {
  const { count: many = '', offset: from = '' } = query
  const count = many === '' ? usualOrders : readCount(many)
  if (count === undefined) throw badField('count', 'invalid')
  const offset = from === '' ? 0 : readOffset(from)
  if (offset === undefined) throw badField('offset', 'invalid')
  return { count: Math.min(count, mostOrders), offset }
}
