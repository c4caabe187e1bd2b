import type { FastifyInstance } from 'fastify'
import { EmptyList, emptyList } from '../wire/list-view.ts'
import { refusedAnswers } from '../wire/refusal-view.ts'

const schema = {
  summary: 'Wallets: none',
  response: { 200: EmptyList, ...refusedAnswers },
}

/** Wallets are no part of Direct OTP: there are none to list, and none can be made. */
export function walletRoutes(scope: FastifyInstance): void {
  for (const path of [
    '/customers/:customer_id/wallets',
    '/customers/:customer_id/wallets/refresh-balances',
    '/orders/:order_id/wallets',
  ]) {
    scope.get(path, { schema }, async () => emptyList)
  }
}
