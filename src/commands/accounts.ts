import { text } from 'node:stream/consumers'
import { publicUrlAt } from '../env.ts'
import { accountFields, credentialPrefix } from '../gateways/account.ts'
import { type AccountWarning, sentenceOf } from '../gateways/account-warning.ts'
import { type AccountKey, accountsOf, callbackUrlOf } from '../gateways/accounts.ts'
import { isGatewayName } from '../gateways/catalog.ts'
import type { Admission } from '../gateways/gateway.ts'
import {
  type AccountKeeper,
  type AccountOrder,
  addAccount,
  askAccount,
  changeAccount,
  disableAccount,
  enableAccount,
} from '../gateways/keep-accounts.ts'
import { makePerform, openNetwork } from '../gateways/perform.ts'
import type { MerchantId } from '../ids.ts'
import { CannotStart } from '../open-store.ts'
import { Refusal } from '../refusal.ts'
import { accountLines } from './account-lines.ts'
import {
  type AtMerchant,
  byOperator,
  type Pairs,
  pairsIn,
  say,
  Usage,
  withMerchant,
} from './command.ts'
import { gatewayLines } from './gateway-lines.ts'

const usages = {
  list: 'accounts list MERCHANT',
  add: `accounts add MERCHANT GATEWAY name=value …
  The names are those of the gateway's credentials, and id, gateway_reference_id, base_url,
  networks, otp_bins, weight, min_amount, max_amount, holds, check.
  ${gatewayLines().join('\n  ')}
  check=false does not ask the gateway first. A value - is read from stdin, a line for each of them:
  what stands on the command line shows in the list of processes (ps). For example
  printf '%s\\n' "$KEY_SECRET" "$WEBHOOK_SECRET" |
    directotp accounts add shop razorpay key_id=rzp_live_… key_secret=- webhook_secret=-`,
  set: `accounts set MERCHANT ID name=value …
  The names are those of the gateway's credentials, which are replaced as a whole, and
  gateway_reference_id, base_url, networks, otp_bins, weight, min_amount, max_amount, holds, check.
  An empty value takes away what was there, - is read from stdin, a line for each of them.`,
  check: 'accounts check MERCHANT ID',
  disable: 'accounts disable MERCHANT ID',
  enable: 'accounts enable MERCHANT ID',
} as const

/** `accounts …`: a merchant's accounts at gateways. Throws Usage and CannotStart. */
export async function accounts([action, id, ...rest]: readonly string[]): Promise<void> {
  const usage = usageOf(action)
  const work = id === undefined ? undefined : workOf(action, rest)
  if (id === undefined || !work) throw new Usage(usage)
  await withMerchant(id, async (at) => {
    const network = openNetwork()
    try {
      await work({ ...at, keeper: keeperOf(at, makePerform(network.carry)) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new CannotStart(inOwnWords(error.message))
    } finally {
      await network.close()
    }
  })
}

function usageOf(action: string | undefined): string {
  const isKnown = action !== undefined && Object.hasOwn(usages, action)
  return isKnown ? usages[action as keyof typeof usages] : `accounts ${words.join('|')} MERCHANT …`
}

const words = Object.keys(usages)

/** Credentials have bare names here. */
function inOwnWords(message: string): string {
  return message.startsWith(credentialPrefix) ? message.slice(credentialPrefix.length) : message
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
      return (at) => add(at, first, pairsIn(more, usages.add))
    case 'set':
      return more.length === 0 ? undefined : (at) => set(at, first, pairsIn(more, usages.set))
    case 'check':
      return more.length > 0 ? undefined : (at) => check(at, first)
    case 'disable':
    case 'enable':
      return more.length > 0 ? undefined : (at) => change(at, action, first)
    default:
      return undefined
  }
}

async function list({ keeper, store, merchant }: AtAccounts): Promise<void> {
  const all = await accountsOf(store.db.read, store.seal, merchant)
  for (const kept of all) for (const line of accountLines(keeper, merchant, kept)) say(line)
  if (all.length === 0) say(`Merchant ${merchant} has no gateway accounts.`)
}

async function add({ keeper, merchant }: AtAccounts, gateway: string, pairs: Pairs): Promise<void> {
  if (!isGatewayName(gateway)) {
    throw new CannotStart(['There is no such gateway. There are:', ...gatewayLines()].join('\n  '))
  }
  const order = await orderOf(pairs, ['id', ...changeable], usages.add)
  const added = { ...order, text: { ...order.text, gateway } }
  const { kept, admission, warnings } = await addAccount(keeper, merchant, added)
  say(`Account ${kept.account.id} of ${merchant} is added. ${wordsFor(admission)}`.trimEnd())
  warn(merchant, warnings)
  say('Its webhook URL, to be registered at the gateway:')
  say(callbackUrlOf(keeper, merchant, kept.account))
}

async function set({ keeper, merchant }: AtAccounts, id: string, pairs: Pairs): Promise<void> {
  const order = await orderOf(pairs, changeable, usages.set)
  const { admission, warnings } = await changeAccount(keeper, { merchant, id }, order)
  say(`Account ${id} of ${merchant} is changed. ${wordsFor(admission)}`.trimEnd())
  warn(merchant, warnings)
}

function warn(merchant: MerchantId, warnings: readonly AccountWarning[]): void {
  for (const warning of warnings) {
    say(`Warning: ${sentenceOf(warning)}`)
    if (warning.kind === 'simulator_shares') {
      say(`  directotp accounts disable ${merchant} ${warning.id}`)
    }
  }
}

async function check({ keeper, merchant }: AtAccounts, id: string): Promise<void> {
  const admission = await askAccount(keeper, { merchant, id }, Date.now())
  if (!admission) throw unknown({ merchant, id })
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
async function orderOf(
  pairs: Pairs,
  fields: readonly string[],
  usage: string,
): Promise<AccountOrder> {
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
