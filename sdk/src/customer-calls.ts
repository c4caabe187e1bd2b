import { type CallOptions, call, type Line } from './call.ts'
import type { WantsClientToken } from './client-token.ts'
import type {
  CreateCustomerRequest,
  Customer,
  List,
  Page,
  UpdateCustomerRequest,
} from './customer.ts'

/** The customers of a merchant. A customer is named by either of their ids. */
export interface CustomerCalls {
  create(customer: CreateCustomerRequest, options?: CallOptions): Promise<Customer>
  get(id: string, wants?: WantsClientToken, options?: CallOptions): Promise<Customer>
  update(id: string, change: UpdateCustomerRequest, options?: CallOptions): Promise<Customer>
  list(page?: Page, options?: CallOptions): Promise<List<Customer>>
}

/** {@link CustomerCalls} by this line. */
export function customerCalls(line: Line): CustomerCalls {
  const path = '/customers'
  const pathOf = (id: string) => `${path}/${encodeURIComponent(id)}`
  return {
    create: (body, how) => call(line, { method: 'POST', path, body }, how),
    get: (id, query, how) => call(line, { method: 'GET', path: pathOf(id), query }, how),
    update: (id, body, how) => call(line, { method: 'POST', path: pathOf(id), body }, how),
    list: (query, how) => call(line, { method: 'GET', path, query }, how),
  }
}
