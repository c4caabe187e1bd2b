import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { engines } from '../databases.ts'
import { startTestServer, type TestServer } from '../support.ts'
import { type OpenApi, operationOf } from './openapi.ts'
import { examplesIn, type Trier, type Tryable, trierOf } from './try-example.ts'

const [sqlite] = engines
assert(sqlite)
let server: TestServer
let document: OpenApi
let trier: Trier

before(async () => {
  server = await startTestServer(sqlite)
  document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi
  trier = trierOf(server, 'json')
})
after(() => server.close())

const typedCard = ['card_number', 'card_exp_month', 'card_exp_year']

/** What a call may lack only where it says something else in its place: a token of the card. */
const replaceable: Readonly<Record<string, readonly string[]>> = {
  'GET /order_status': ['orderId'],
  'POST /order_status': ['orderId'],
  'POST /txns': ['order_id', ...typedCard],
  'POST /refunds': ['txn_id'],
  'POST /card/tokenize': ['card_security_code'],
  'POST /cards': typedCard,
  'POST /card/add': typedCard,
  'GET /cards': ['customer_id'],
  'GET /card/list': ['customer_id'],
  'POST /v2/card/fingerprint': ['card_number'],
  'POST /console/accounts': ['credentials.key_id', 'credentials.key_secret'],
  'GET /console/webhooks/deliveries': ['order_id'],
  'POST /console/webhooks/redeliver': ['order_id'],
}

/** Said in every call, so that no gateway is asked whether an account's credentials work. */
const always = ['check']

/** The first example of each call in clear that says something. */
function samples(): Tryable[] {
  const found = new Map<string, Tryable>()
  for (const example of examplesIn(document).values()) {
    const isPlain = example.claims === undefined && !found.has(example.route)
    if (isPlain && Object.keys(saidIn(example)).length > 0) found.set(example.route, example)
  }
  return [...found.values()]
}

function saidIn({ body, query }: Tryable): Readonly<Record<string, string>> {
  return body ?? query
}

/** The names that the document requires of a call. */
function requiredOf(route: string): string[] {
  const { requestBody, parameters = [] } = operationOf(document, route)
  const schema = requestBody?.content['application/json']?.schema
  const inQuery = parameters.filter((one) => one.in === 'query' && one.required)
  return [...((schema?.['required'] as string[]) ?? []), ...inQuery.map(({ name }) => name)]
}

/** What the server says of this call with only some of its fields, where it misses one. */
async function missedIn(call: Tryable, names: readonly string[]): Promise<string | undefined> {
  const said = Object.entries(saidIn(call)).filter(([name]) => names.includes(name))
  const some = Object.fromEntries(said)
  const { status, body } = await trier.once({
    ...call,
    ...(call.body ? { body: some } : { query: some }),
  })
  const text = JSON.stringify(body)
  // As tokenising has it, what is not there is `null`.
  return status === 400 && /missing|cannot be null/i.test(text) ? text : undefined
}

test('the document requires of a call what the server misses in it, and nothing else', async () => {
  const found = samples()
  assert(found.length > Object.keys(replaceable).length)
  for (const call of found) {
    const needed = [...requiredOf(call.route), ...(replaceable[call.route] ?? [])]
    for (const name of needed) {
      const rest = Object.keys(saidIn(call)).filter((one) => one !== name)
      assert(await missedIn(call, rest), `${call.route} without ${name}`)
    }
    assert.equal(await missedIn(call, [...needed, ...always]), undefined, call.route)
  }
})
