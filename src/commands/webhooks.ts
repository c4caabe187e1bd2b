import { text } from 'node:stream/consumers'
import { readWhich } from '../console/webhook-bodies.ts'
import { CannotStart } from '../open-store.ts'
import { Refusal } from '../refusal.ts'
import { waitingCounts } from '../webhooks/deliveries.ts'
import { readEndpoint } from '../webhooks/endpoint.ts'
import { endpointsOf } from '../webhooks/endpoints.ts'
import {
  addEndpoint,
  enableEndpoint,
  removeEndpoint,
  rotateSecret,
  type WithSecret,
} from '../webhooks/keep-endpoints.ts'
import { redeliver } from '../webhooks/redeliver.ts'
import {
  type AtMerchant,
  byOperator,
  type Pairs,
  pairsIn,
  say,
  Usage,
  withMerchant,
} from './command.ts'

const usage = `webhooks list MERCHANT
webhooks add MERCHANT URL [user=… password=- events=A,B header=Name:value …]
  password=- reads the password from stdin; password=… would show in the list of processes (ps)
webhooks remove|enable|rotate MERCHANT ID
webhooks redeliver MERCHANT id=… | order=… | from=… to=… [endpoint=…]`

/** `webhooks …`: a merchant's endpoints, and sending again. Throws Usage and CannotStart. */
export async function webhooks([action, id, ...rest]: readonly string[]): Promise<void> {
  const work = id === undefined ? undefined : workOf(action, rest)
  if (id === undefined || !work) throw new Usage(usage)
  await withMerchant(id, work)
}

function workOf(
  action: string | undefined,
  words: readonly string[],
): ((at: AtMerchant) => Promise<void>) | undefined {
  const [first, ...more] = words
  switch (action) {
    case 'list':
      return first === undefined ? list : undefined
    case 'add':
      return first === undefined ? undefined : (at) => add(at, first, pairsIn(more, usage))
    case 'redeliver':
      return first === undefined ? undefined : (at) => again(at, pairsIn(words, usage))
    case 'remove':
    case 'enable':
    case 'rotate':
      return first === undefined || more.length > 0 ? undefined : (at) => change(at, action, first)
    default:
      return undefined
  }
}

async function list({ store, merchant }: AtMerchant): Promise<void> {
  const waiting = await waitingCounts(store.db.read, merchant)
  const endpoints = await endpointsOf(store.db.read, store.seal, merchant)
  for (const { id, url, events, access, failures, pausedUntil, disabledAt } of endpoints) {
    const isPaused = pausedUntil > Date.now()
    const state = disabledAt !== undefined ? 'disabled' : isPaused ? 'paused' : 'active'
    const counts = `${failures} failures, ${waiting.get(id) ?? 0} waiting`
    const wants = events.join(',') || 'all'
    const user = access.user === undefined ? '' : `  user=${access.user}`
    say(`${id}  ${state}, ${counts}  ${url || "the orders' own URLs"}  events=${wants}${user}`)
  }
  if (endpoints.length === 0) say(`Merchant ${merchant} has no webhook endpoints.`)
}

async function add({ env, store, merchant }: AtMerchant, url: string, pairs: Pairs): Promise<void> {
  const { user, password: given, events } = onlyOf(pairs, ['user', 'password', 'events', 'header'])
  const password = given === '-' ? (await text(process.stdin)).replace(/\r?\n$/, '') : given
  const headers = Object.fromEntries(
    pairs
      .filter(([name]) => name === 'header')
      .map(([, value]) => {
        const colon = value.indexOf(':')
        return [value.slice(0, colon), value.slice(colon + 1).trim()]
      }),
  )
  const said = readEndpoint({ url, user, password, events, headers }, env.mode)
  if ('wrong' in said) throw new Usage(`${said.wrong} is not as it must be; see docs/wire.md`)
  const added = await addEndpoint(store, merchant, { said, ...byOperator() })
  say(`Endpoint ${added.endpoint.id} of ${merchant} is added.`)
  tell(added)
}

function tell({ secret }: WithSecret): void {
  say(`${secret.reveal()}\nIts signing secret. It is not shown again.`)
}

async function change(
  { store, merchant }: AtMerchant,
  action: 'remove' | 'enable' | 'rotate',
  id: string,
): Promise<void> {
  const key = { merchant, id }
  const change = byOperator()
  const unknown = () => new CannotStart(`merchant ${merchant} has no webhook endpoint ${id}`)
  switch (action) {
    case 'remove':
      if (!(await removeEndpoint(store, key, change))) throw unknown()
      return say(`Endpoint ${id} is removed, with what waited for it.`)
    case 'enable':
      if (!(await enableEndpoint(store, key, change))) throw unknown()
      return say(`Endpoint ${id} is enabled; what waited for it is due now.`)
    case 'rotate': {
      const rotated = await rotateSecret(store, key, change)
      if (!rotated) throw unknown()
      tell(rotated)
      return say('The secret before signs along for a day.')
    }
    default:
      return action satisfies never
  }
}

async function again({ store, merchant }: AtMerchant, pairs: Pairs): Promise<void> {
  const { order, endpoint, ...fields } = onlyOf(pairs, ['id', 'order', 'from', 'to', 'endpoint'])
  const which = whichOf({ ...fields, ...(order !== undefined && { order_id: order }) })
  const redelivered = await redeliver(store, merchant, { which, endpoint, now: Date.now() })
  if (!redelivered) throw new CannotStart(`merchant ${merchant} has no such webhook or endpoint`)
  const { count, goOnFrom } = redelivered
  say(`${count} deliveries are due again.`)
  if (goOnFrom !== undefined) say(`Go on with from=${new Date(goOnFrom).toISOString()}`)
}

function whichOf(fields: Record<string, string>) {
  try {
    return readWhich(fields)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Usage(usage)
  }
}

function onlyOf(pairs: Pairs, names: readonly string[]): Record<string, string> {
  if (!pairs.every(([name]) => names.includes(name))) throw new Usage(usage)
  return Object.fromEntries(pairs.filter(([name]) => name !== 'header'))
}
