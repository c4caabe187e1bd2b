import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { binsKnow } from '../cards/bins.ts'
import { accountsFor } from '../gateways/accounts.ts'
import { setRules } from '../gateways/keep-rules.ts'
import { newestRules } from '../gateways/routing-rules.ts'
import { type Rules, readRulesText } from '../gateways/rule.ts'
import { paise, rupees } from '../money.ts'
import { CannotStart } from '../open-store.ts'
import { pastPayments } from '../payments/past-payments.ts'
import { openReplay, type Replay, replay, type Sum } from '../payments/replay.ts'
import { type AtMerchant, byOperator, say, Usage, withMerchant } from './command.ts'

const usage = `routing show MERCHANT
routing set MERCHANT FILE|-
routing replay MERCHANT --since YYYY-MM-DD [--rules FILE]`

/** So much time is read at once: a busy hour of a busy merchant fits into memory. */
const stepMs = 60 * 60_000
/** A quarter: rules are not made for what was before. */
const longestMs = 92 * 24 * stepMs

/** `routing …`: a merchant's rules, and what they would have changed. Throws as commands do. */
export async function routing([action, id, ...rest]: readonly string[]): Promise<void> {
  if (id === undefined) throw new Usage(usage)
  const [first, ...more] = rest
  switch (action) {
    case 'show':
      if (first !== undefined) throw new Usage(usage)
      return withMerchant(id, show)
    case 'set':
      if (first === undefined || more.length > 0) throw new Usage(usage)
      return withMerchant(id, (at) => set(at, first))
    case 'replay': {
      const { since, file } = optionsIn(rest)
      return withMerchant(id, (at) => tryOut(at, since, file))
    }
    default:
      throw new Usage(usage)
  }
}

async function show({ store, merchant }: AtMerchant): Promise<void> {
  const newest = await newestRules(store.db.read, merchant)
  if (!newest) return say(`Merchant ${merchant} has no routing rules.`)
  const { version, actor, createdAt } = newest
  say(`Version ${version}, ${new Date(createdAt).toISOString()}, by ${actor}:`)
  say(newest.text.trimEnd())
}

async function set({ store, merchant }: AtMerchant, path: string): Promise<void> {
  const kept = await setRules(store, merchant, { text: await textOf(path), ...byOperator() })
  if ('wrong' in kept) throw new CannotStart(`Nothing is changed: ${kept.wrong}`)
  say(`Version ${kept.ok.version} of the rules of ${merchant} is in force.`)
  const known = await binsKnow(store.db.read)
  for (const what of ['issuer', 'card_type'] as const) {
    if (known[what] || !asksFor(kept.ok.text, what)) continue
    say(`Warning: the BIN table has no ${what}, so rules on it match no card (bins import).`)
  }
}

/** Whether any of these rules, which have been read, has such a condition. */
function asksFor(rules: string, what: string): boolean {
  return [...JSON.parse(rules)].some(({ when = {} }) => Object.hasOwn(when, what))
}

function optionsIn(words: readonly string[]): { since: number; file: string | undefined } {
  const options = new Map<string, string>()
  for (let i = 0; i < words.length; i += 2) {
    const [name = '', value] = words.slice(i, i + 2)
    if (!['--since', '--rules'].includes(name) || value === undefined || options.has(name)) {
      throw new Usage(usage)
    }
    options.set(name, value)
  }
  const written = options.get('--since') ?? ''
  const since = /^\d{4}-\d{2}-\d{2}$/.test(written) ? Date.parse(written) : Number.NaN
  if (!Number.isFinite(since)) throw new Usage(usage)
  return { since, file: options.get('--rules') }
}

async function tryOut(at: AtMerchant, since: number, file: string | undefined): Promise<void> {
  const { store, merchant } = at
  const { read } = store.db
  const { now } = byOperator()
  if (since > now || now - since > longestMs) {
    throw new CannotStart('--since is a day of the last three months')
  }
  const rules = file === undefined ? await rulesNow(at) : rulesIn(file, await textOf(file))
  const accounts = await accountsFor(read, merchant, '')
  const found = openReplay()
  for (let from = since; from <= now; from += stepMs) {
    const payments = await pastPayments(read, merchant, { from, to: from + stepMs })
    for (const payment of payments) replay(found, payment, { accounts, rules })
  }
  for (const line of linesOf(found, rules)) say(line)
}

async function rulesNow({ store, merchant }: AtMerchant): Promise<Rules> {
  const newest = await newestRules(store.db.read, merchant)
  return newest ? rulesIn(`version ${newest.version}`, newest.text) : []
}

function rulesIn(where: string, written: string): Rules {
  const read = readRulesText(written)
  if ('ok' in read) return read.ok
  throw new CannotStart(`${where}: ${read.wrong}`)
}

function linesOf(found: Replay, rules: Rules): string[] {
  const { all, moved, byRule, byHealth, askedFor, forgotten } = found
  const movedSums = [...moved.values()].sort((a, b) => b.count - a.count)
  const total = movedSums.reduce((sum, { count }) => sum + count, 0)
  return [
    `${words(all)} since then; ${total} would have gone another way.`,
    ...movedSums.map((one) => `  ${one.from} → ${one.to || 'nowhere'}: ${words(one)}`),
    'By rule:',
    ...rules.map(({ name }) => `  ${name}: ${words(byRule.get(name) ?? { count: 0, amount: 0 })}`),
    `  no rule: ${words(byRule.get('') ?? { count: 0, amount: 0 })}`,
    'Health is not replayed. Left out above, because an account was down, refused the start or was',
    `  tried out: ${words(byHealth)}`,
    `A gateway was asked for: ${words(askedFor)}`,
    `The card's first digits are forgotten: ${words(forgotten)}`,
  ]
}

function words({ count, amount }: Sum): string {
  return `${count} payments of ₹${rupees(paise(amount)).toFixed(2)}`
}

async function textOf(path: string): Promise<string> {
  if (path === '-') return text(process.stdin)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'an error'
    throw new CannotStart(`${path} can't be read (${code})`)
  }
}
