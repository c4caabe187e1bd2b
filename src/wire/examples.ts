import recorded from './examples.json' with { type: 'json' }

/** One call as the OpenAPI document shows it; tests make all of them, in the order of the file. */
export interface Example {
  /** What its request and its answer are both called in the document. */
  readonly name: string
  /** `POST /orders/{order_id}`. */
  readonly route: string
  readonly summary: string
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, string>>
  /** What the envelope of an encrypted call says. */
  readonly claims?: Readonly<Record<string, string>>
  readonly status: number
  readonly answer: unknown
  /** What the envelope of the answer says. */
  readonly says?: unknown
}

/** All examples; each may name what the ones before it answered. */
export const examples: readonly Example[] = recorded as unknown as readonly Example[]

/** The parts of an OpenAPI 3.0 document that are added to. */
interface Document {
  tags?: { name: string }[]
  paths?: object
}

interface Operation {
  operationId?: string
  tags?: string[]
  parameters?: (Shown & { readonly name: string })[]
  requestBody?: { content: Record<string, Shown> }
  responses: Record<string, { content?: Record<string, Shown> }>
}

interface Shown {
  examples?: Record<string, { summary: string; value: unknown; 'x-claims'?: unknown }>
}

/** The groups of the document, in its order, and their operations: each route by its name. */
const groups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Orders: {
    'POST /orders': 'createOrder',
    'GET /orders': 'listOrders',
    'POST /orders/{order_id}': 'updateOrder',
    'GET /orders/{order_id}': 'orderStatus',
    'POST /orders/{order_id}/fulfillment': 'fulfillOrder',
    'POST /order/create': 'createOrUpdateOrder',
    'POST /order/update': 'updateOrderByBody',
    'GET /order/status': 'orderStatusByQuery',
    'POST /order/status': 'orderStatusByBody',
    'GET /order_status': 'orderStatusByOldestQuery',
    'POST /order_status': 'orderStatusByOldestBody',
    'GET /order/list': 'listOrdersByOlderPath',
    'POST /orders{order_id}': 'updateOrderWithoutSlash',
  },
  Payments: {
    'POST /txns': 'startPayment',
    'POST /v2/txns/{id}/authenticate': 'submitOtp',
    'POST /v2/txns/{id}/authenticate/{challenge_id}/resend': 'resendOtp',
    'POST /v2/txns/{id}/capture': 'capturePayment',
    'POST /v2/txns/{id}/void': 'voidPayment',
  },
  Refunds: {
    'POST /orders/{order_id}/refunds': 'refundOrder',
    'POST /order/refund': 'refundOrderByBody',
    'POST /refunds': 'refundPayment',
  },
  Customers: {
    'POST /customers': 'createCustomer',
    'GET /customers': 'listCustomers',
    'GET /customers/{customer_id}': 'getCustomer',
    'POST /customers/{customer_id}': 'updateCustomer',
  },
  Cards: {
    'POST /card/tokenize': 'tokenizeCard',
    'POST /cards': 'addCard',
    'GET /cards': 'listCards',
    'POST /card/update': 'updateCard',
    'POST /card/delete': 'deleteCard',
    'POST /card/add': 'addCardByOlderPath',
    'GET /card/list': 'listCardsByOlderPath',
    'POST /v2/card/fingerprint': 'fingerprintCard',
    'GET /customers/{customer_id}/payment_methods': 'savedMethods',
    'POST /customers/{customer_id}/payment_methods': 'savedMethodsByPost',
  },
  Eligibility: {
    'GET /cardbins/{bin}': 'cardBin',
    'GET /v2/bins/eligibility': 'eligibleBins',
    'GET /merchants/{merchant_id}/paymentmethods': 'paymentMethods',
  },
  Sessions: {
    'POST /session': 'openSession',
  },
  'Encrypted calls': {
    'POST /v4/session': 'openSessionEncrypted',
    'POST /v4/txns': 'startPaymentEncrypted',
    'POST /v4/order-status': 'orderStatusEncrypted',
    'GET /v4/order-status': 'orderStatusEncryptedByQuery',
    'POST /v4/orders/{order_id}/refunds': 'refundOrderEncrypted',
    'POST /v4/order/{order_id}/refunds': 'refundOrderEncryptedByOlderPath',
    'GET /console/jwt-keys': 'listJwtKeys',
    'POST /console/jwt-keys': 'addJwtKey',
    'POST /console/jwt-keys/{kid}/revoke': 'revokeJwtKey',
  },
  'Empty lists': {
    'POST /v1/offers/list': 'listOffers',
    'GET /customers/{customer_id}/wallets': 'listWallets',
    'GET /customers/{customer_id}/wallets/refresh-balances': 'refreshWallets',
    'GET /orders/{order_id}/wallets': 'listWalletsOfOrder',
    'GET /customers/{customer_id}/mandates': 'listMandates',
  },
  'Refused calls': {
    'POST /customers/{customer_id}/wallets': 'linkWallet',
    'GET /wallets/{id}': 'refreshWallet',
    'POST /wallets/{id}': 'authenticateWallet',
    'POST /v2/upi/verify-vpa': 'verifyVpa',
    'POST /customers/{customer_id}/mandates': 'createMandate',
    'POST /mandates/{id}': 'changeMandate',
    'POST /v4/card/get': 'getNetworkToken',
    'POST /v4/card/delete': 'deleteNetworkToken',
    'POST /get/altId': 'getAltId',
    'POST /generateToken': 'generateToken',
    'POST /tokenization/onboarding': 'onboardTokens',
  },
  Console: {
    'GET /console/orders/{order_id}': 'orderHistory',
    'GET /console/metrics': 'metrics',
  },
  'Gateway accounts': {
    'GET /console/accounts': 'listAccounts',
    'GET /console/accounts/{id}': 'getAccount',
    'POST /console/accounts': 'addAccount',
    'POST /console/accounts/{id}': 'changeAccount',
    'POST /console/accounts/{id}/check': 'checkAccount',
    'POST /console/accounts/{id}/disable': 'disableAccount',
    'POST /console/accounts/{id}/enable': 'enableAccount',
    'GET /console/outages': 'listOutages',
    'GET /console/routing-rules': 'routingRules',
    'POST /console/routing-rules': 'setRoutingRules',
  },
  Webhooks: {
    'GET /console/webhooks': 'listWebhooks',
    'POST /console/webhooks': 'addWebhook',
    'POST /console/webhooks/{id}/rotate': 'rotateWebhookSecret',
    'POST /console/webhooks/{id}/enable': 'enableWebhook',
    'POST /console/webhooks/{id}/remove': 'removeWebhook',
    'GET /console/webhooks/deliveries': 'listDeliveries',
    'POST /console/webhooks/redeliver': 'redeliver',
  },
  Health: {
    'GET /health': 'alive',
    'GET /ready': 'ready',
  },
}

/**
 * The document with what the routes themselves do not say: names and groups of its operations, and
 * the examples.
 */
export function withExamples<D extends Document>(document: D): D {
  const paths = (document.paths ?? {}) as Record<string, Record<string, Operation>>
  const operationOf = (route: string) => {
    const [method = '', path = ''] = route.split(' ')
    return paths[path]?.[method.toLowerCase()]
  }
  for (const [tag, routes] of Object.entries(groups)) {
    for (const [route, operationId] of Object.entries(routes)) {
      const operation = operationOf(route)
      if (operation) Object.assign(operation, { operationId, tags: [tag] })
    }
  }
  for (const { requestBody } of Object.values(paths).flatMap(Object.values<Operation>)) {
    if (requestBody) requestBody.content = jsonFirst(requestBody.content)
  }
  for (const example of examples) {
    const operation = operationOf(example.route)
    if (operation) show(operation, example)
  }
  document.tags = Object.keys(groups).map((name) => ({ name }))
  return document
}

/** Pages made of the document offer what comes first, and show a form without its examples. */
function jsonFirst(content: Record<string, Shown>): Record<string, Shown> {
  const { 'application/json': json, ...forms } = content
  return json ? { 'application/json': json, ...forms } : content
}

/** Envelopes are shown shortened, with what they say in clear beside them as `x-claims`. */
function show(operation: Operation, { name, summary, claims, says, ...example }: Example): void {
  const add = (shown: Shown, value: unknown, clear?: unknown) => {
    const one = { summary, value, ...(clear !== undefined && { 'x-claims': clear }) }
    shown.examples = { ...shown.examples, [name]: one }
  }
  for (const parameter of operation.parameters ?? []) {
    const inQuery = example.query?.[parameter.name]
    const inPath = example.path?.[parameter.name]
    if (inQuery !== undefined) add(parameter, inQuery, claims)
    else if (inPath !== undefined) add(parameter, inPath)
  }
  for (const body of Object.values(operation.requestBody?.content ?? {})) {
    if (example.body) add(body, example.body, claims)
  }
  for (const answer of Object.values(operation.responses[example.status]?.content ?? {})) {
    add(answer, example.answer, says)
  }
}
