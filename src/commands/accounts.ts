import { text } from 'node:stream/consumers'
import { publicUrlAt } from '../env.ts'
import { accountFields, credentialPrefix } from '../gateways/account.ts'
import { type AccountKey, accountsOf, callbackUrlOf, findAccount } from '../gateways/accounts.ts'
import { checkReachable } from '../gateways/check-account.ts'
import type { Admission } from '../gateways/gateway.ts'
import {
  type AccountKeeper,
  type AccountOrder,
  addAccount,
  changeAccount,
  disableAccount,
  enableAccount,
} from '../gateways/keep-accounts.ts'
import { makePerform, openNetwork } from '../gateways/perform.ts'
import { CannotStart } from '../open-store.ts'
import { Refusal } from '../refusal.ts'
import {
  type AtMerchant,
  byOperator,
  type Pairs,
  pairsIn,
  say,
  Usage,
  withMerchant,
} from './command.ts'

const usage = `accounts list MERCHANT
accounts add MERCHANT GATEWAY [name=value …]
accounts set MERCHANT ID name=value …
accounts check|disable|enable MERCHANT ID
  The names are those of the gateway's credentials, and id, gateway_reference_id, base_url,
  networks, otp_bins, weight, min_amount, max_amount, holds; an empty value takes away what was
  there. Credentials are replaced as a whole.
  check=false does not ask the gateway first. A value - is read from stdin, a line for each of them:
  what stands on the command line shows in the list of processes (ps). For example
  printf '%s\\n' "$KEY_SECRET" "$WEBHOOK_SECRET" |
    directotp accounts add shop razorpay key_id=rzp_live_… key_secret=- webhook_secret=-`

/** `accounts …`: a merchant's accounts at gateways. Throws Usage and CannotStart. */
export async function accounts([action, id, ...rest]: readonly string[]): Promise<void> {
  const work = id === undefined ? undefined : workOf(action, rest)
  if (id === undefined || !work) throw new Usage(usage)
  await withMerchant(id, async (at) => {
    const network = openNetwork()
    try {
      await work({ ...at, keeper: keeperOf(at, makePerform(network.carry)) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new CannotStart(error.message)
    } finally {
      await network.close()
    }
  })
}

interface AtAccounts extends AtMerchant {
  readonly keeper: AccountKeeper
}

function keeperOf({ env, store }: AtMerchant, perform: AccountKeeper['perform']): AccountKeeper {
  const publicUrl = env.publicUrl ?? publicUrlAt(env.host, env.port)
  const bankUrl = env.sandbox?.bankUrl ?? `${publicUrl}/bank`
  return { ...store, mode: env.mode, publicUrl, bankUrl, perform }
}

function workOf(
  action: string | undefined,
  [first, ...more]: readonly string[],
): ((at: AtAccounts) => Promise<void>) | undefined {
  if (action === 'list') return first === undefined ? list : undefined
  if (first === undefined) return undefined
  switch (action) {
    case 'add':
      return (at) => add(at, first, pairsIn(more, usage))
    case 'set':
      return more.length === 0 ? undefined : (at) => set(at, first, pairsIn(more, usage))
    case 'check':
      return more.length > 0 ? undefined : (at) => check(at, first)
    case 'disable':
    case 'enable':
      return more.length > 0 ? undefined : (at) => change(at, action, first)
    default:
      return undefined
  }
}

async function list({ store, merchant }: AtAccounts): Promise<void> {
  const all = await accountsOf(store.db.read, store.seal, merchant)
  for (const { account, credentials } of all) {
    const { id, gateway, label, baseUrl, terms, disabledAt } = account
    const more = [
      ...(label === undefined ? [] : [`gateway_reference_id=${label}`]),
      ...(baseUrl === undefined ? [] : [`base_url=${baseUrl}`]),
    ]
    const state = disabledAt === undefined ? 'active' : 'disabled'
    const has = `weight=${terms.weight}  has ${credentials.join(', ')}`
    say([id, state, gateway, ...more, has].join('  '))
  }
  if (all.length === 0) say(`Merchant ${merchant} has no gateway accounts.`)
}

async function add({ keeper, merchant }: AtAccounts, gateway: string, pairs: Pairs): Promise<void> {
  const order = await orderOf(pairs, ['id', ...changeable])
  const added = { ...order, text: { ...order.text, gateway } }
  const { kept, admission } = await addAccount(keeper, merchant, added)
  say(`Account ${kept.account.id} of ${merchant} is added. ${wordsFor(admission)}`.trimEnd())
  say('Its webhook URL, to be registered at the gateway:')
  say(callbackUrlOf(keeper, merchant, kept.account))
}

async function set({ keeper, merchant }: AtAccounts, id: string, pairs: Pairs): Promise<void> {
  const order = await orderOf(pairs, changeable)
  const { admission } = await changeAccount(keeper, { merchant, id }, order)
  say(`Account ${id} of ${merchant} is changed. ${wordsFor(admission)}`.trimEnd())
}

async function check({ keeper, merchant }: AtAccounts, id: string): Promise<void> {
  const found = await findAccount(keeper, merchant, id)
  if (!found) throw unknown({ merchant, id })
  const admission = await checkReachable(keeper, found)
  if (admission.kind === 'locked_out') {
    throw new CannotStart(`The gateway refuses the credentials: ${admission.message}`)
  }
  say(wordsFor(admission))
}

async function change(
  { keeper, merchant }: AtAccounts,
  action: 'disable' | 'enable',
  id: string,
): Promise<void> {
  const key = { merchant, id }
  const deed = action === 'disable' ? disableAccount : enableAccount
  if (!(await deed(keeper, key, byOperator()))) throw unknown(key)
  const now = action === 'disable' ? 'no payment is started there any more' : 'it takes payments'
  say(`Account ${id} is ${action}d: ${now}.`)
}

function unknown({ merchant, id }: AccountKey): CannotStart {
  return new CannotStart(`merchant ${merchant} has no gateway account ${id}`)
}

function wordsFor(admission: Exclude<Admission, { kind: 'locked_out' }> | undefined): string {
  switch (admission?.kind) {
    case undefined:
      return ''
    case 'works':
      return 'The gateway lets it in.'
    case 'unknown':
      return `Warning: the gateway gave no answer (${admission.because}).`
    default:
      return admission satisfies never
  }
}

const changeable = [...accountFields.filter((name) => name !== 'id' && name !== 'gateway'), 'check']

/** Names that are no field are a credential's; the account's gateway knows whether there is one. */
async function orderOf(pairs: Pairs, fields: readonly string[]): Promise<AccountOrder> {
  const lines = pairs.some(([, value]) => value === '-') ? await linesIn(process.stdin) : []
  const written: Record<string, string> = {}
  for (const [name, given] of pairs) {
    const isMisplaced = accountFields.includes(name) && !fields.includes(name)
    const field = fields.includes(name) ? name : `${credentialPrefix}${name}`
    if (isMisplaced || field in written) throw new Usage(usage)
    const value = given === '-' ? lines.shift() : given
    if (value === undefined) throw new CannotStart(`stdin has no line for ${name}`)
    written[field] = value
  }
  // A line too many is a secret that would go to the wrong name.
  if (lines.length > 0) throw new CannotStart('stdin has more lines than there are names for')
  const { check: asked = 'true', ...order } = written
  if (asked !== 'true' && asked !== 'false') throw new Usage(usage)
  return { text: order, anyHost: true, check: asked === 'true', ...byOperator() }
}

async function linesIn(stream: NodeJS.ReadableStream): Promise<string[]> {
  return (await text(stream)).replace(/\r?\n$/, '').split(/\r?\n/)
}
