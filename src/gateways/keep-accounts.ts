import type { MerchantId } from '../ids.ts'
import type { AuditDeed } from '../merchants/audit-entry.ts'
import { type AuditedBy, type AuditRoom, doAudited } from '../merchants/do-audited.ts'
import type { Mode } from '../merchants/merchant.ts'
import { holdMerchant } from '../merchants/merchants.ts'
import { badField, Refusal } from '../refusal.ts'
import type { Seal } from '../seal.ts'
import {
  type Account,
  type AccountText,
  freeAccountId,
  readAccount,
  readChange,
  type WrongField,
} from './account.ts'
import { type AccountWarning, verifiesCallbacks } from './account-warning.ts'
import {
  type AccountKey,
  accountsLike,
  accountsOf,
  type Credited,
  changeTerms,
  findAccount,
  insertAccount,
  type KeptAccount,
  replaceCredentials,
  setDisabled,
} from './accounts.ts'
import { type AccountChecker, checkAccount, checkReachable } from './check-account.ts'
import type { Admission } from './gateway.ts'
import type { Ending } from './outage.ts'
import { endOutagesOf } from './outages.ts'

/** Where accounts are kept, and how their gateways are asked. */
export interface AccountKeeper extends AuditRoom, AccountChecker {
  readonly seal: Seal
}

/** What somebody writes of an account. */
export interface AccountOrder extends AuditedBy {
  readonly text: AccountText
  /** `AccountWriter.anyHost`. */
  readonly anyHost: boolean
  /** Whether the gateway is asked first if it lets the account in. */
  readonly check: boolean
}

/** An account as it is now, and what its gateway said of it, if it was asked. */
export interface Admitted {
  readonly kept: KeptAccount
  readonly admission?: Exclude<Admission, { kind: 'locked_out' }>
  readonly warnings: readonly AccountWarning[]
}

/**
 * Adds an account. Refused when a field is wrong, the id or the label is another account's, or the
 * gateway was asked and does not let it in; where it gave no answer, the account is added.
 */
export async function addAccount(
  by: AccountKeeper,
  merchant: MerchantId,
  order: AccountOrder,
): Promise<Admitted> {
  const said = readAccount(order.text, { mode: by.mode, anyHost: order.anyHost })
  if ('wrong' in said) throw refusalOf(said, by.mode)
  const others = await accountsOf(by.db.read, by.seal, merchant)
  const taken = new Set(others.map(({ account }) => account.id))
  const id = said.id ?? freeAccountId(said.account.gateway, taken)
  const account = { id, ...said.account }
  refuseTaken(others, { ...account, id: said.id })
  const { credentials } = said
  const admission = await admit(by, order, { merchant, account, credentials })
  const done = doneTo({ merchant, id }, 'account_added', order)
  const isAdded = await doAudited(by, done, async (t) => {
    holdMerchant(t, merchant)
    refuseTaken(await accountsOf(t.get, by.seal, merchant), { ...account, id: said.id })
    return insertAccount(t, by.seal, { merchant, account, credentials, at: order.now })
  })
  // Somebody else has taken the number meanwhile.
  if (!isAdded) return addAccount(by, merchant, order)
  const kept = { account, credentials: Object.keys(credentials), createdAt: order.now }
  const warnings = await warningsOf(by, { merchant, account, credentials })
  return { kept, warnings: [...warnings, ...besides(account, others)], ...admission }
}

/**
 * Lays what was written over an account. Payments that run go on with it as it then is. Refused as
 * {@link addAccount} does, and when there is no such account.
 */
export async function changeAccount(
  by: AccountKeeper,
  key: AccountKey,
  order: AccountOrder,
): Promise<Admitted> {
  const { merchant } = key
  const found = await findAccount(by, merchant, key.id)
  if (!found) throw new Refusal('unknown_account')
  const read = (account: Account) => {
    const changed = readChange(order.text, account, { mode: by.mode, anyHost: order.anyHost })
    if ('wrong' in changed) throw refusalOf(changed, by.mode)
    return changed
  }
  const { account, credentials = found.access.credentials, fields } = read(found.account)
  const isElsewhere = fields.some((field) => field === 'credentials' || field === 'base_url')
  const credited = { merchant, account, credentials }
  const admission = isElsewhere ? await admit(by, order, credited) : undefined
  const done = doneTo(key, 'account_changed', order, [key.id, ...fields].join(' '))
  const kept = await doAudited(by, done, async (t) => {
    holdMerchant(t, merchant)
    const all = await accountsOf(t.get, by.seal, merchant)
    const now = all.find((one) => one.account.id === key.id)
    if (!now) throw new Refusal('unknown_account')
    const to = read(now.account)
    const others = all.filter((one) => one !== now)
    refuseTaken(others, { label: to.account.label, id: undefined })
    changeTerms(t, merchant, to.account)
    if (to.credentials) replaceCredentials(t, by.seal, { key, credentials: to.credentials })
    const ending = isElsewhere ? endingBy(admission?.admission) : undefined
    if (ending) endOutagesOf(t, merchant, { account, ending, now: order.now })
    const names = to.credentials ? Object.keys(to.credentials) : now.credentials
    return { ...now, account: to.account, credentials: names }
  })
  const warnings = fields.includes('credentials') ? await warningsOf(by, credited) : []
  return { kept, warnings, ...admission }
}

/** A gateway that gave no answer may be down as it was before. */
function endingBy(admission: Admitted['admission']): Ending | undefined {
  if (admission === undefined) return 'untried'
  return admission.kind === 'works' ? 'recovered' : undefined
}

/**
 * Asks an account's gateway whether it lets it in; if it does, what is known to be down there is so
 * no more. `undefined`: there is none by this id.
 */
export async function askAccount(
  by: AccountKeeper,
  { merchant, id }: AccountKey,
  now: number,
): Promise<Admission | undefined> {
  const found = await findAccount(by, merchant, id)
  if (!found) return undefined
  const admission = await checkReachable(by, found)
  if (admission.kind === 'works') {
    const news = { account: found.account, ending: 'recovered', now } as const
    await by.db.tx(async (t) => endOutagesOf(t, merchant, news))
  }
  return admission
}

/** What is to be told of an account that has just got these credentials. */
async function warningsOf(by: AccountKeeper, credited: Credited): Promise<AccountWarning[]> {
  const { account, credentials } = credited
  const alike = await accountsLike(by.db.read, by.seal, credited)
  const isVerified = verifiesCallbacks(account.gateway, Object.keys(credentials))
  return [
    ...(isVerified ? [] : [{ kind: 'unverified_callbacks' } as const]),
    ...alike.map((id) => ({ kind: 'same_credentials', id }) as const),
  ]
}

/** Who tries out a gateway in the sandbox does not expect payments at the simulated bank. */
function besides({ gateway }: Account, others: readonly KeptAccount[]): AccountWarning[] {
  if (gateway === 'simulator') return []
  return others
    .map((one) => one.account)
    .filter((one) => one.gateway === 'simulator' && one.disabledAt === undefined)
    .map(({ id }) => ({ kind: 'simulator_shares', id }))
}

/**
 * Starts no payment at an account any more; those that run are finished with it. `undefined`: there
 * is none by this id.
 */
export function disableAccount(by: AccountKeeper, key: AccountKey, change: AuditedBy) {
  return toggle(by, key, { ...change, deed: 'account_disabled', disabledAt: change.now })
}

/** Starts payments there again, whatever was down; `undefined`: there is none by this id. */
export function enableAccount(by: AccountKeeper, key: AccountKey, change: AuditedBy) {
  return toggle(by, key, { ...change, deed: 'account_enabled', disabledAt: undefined })
}

interface Toggling extends AuditedBy {
  readonly deed: AuditDeed
  readonly disabledAt: number | undefined
}

async function toggle(
  by: AccountKeeper,
  key: AccountKey,
  { deed, disabledAt, ...change }: Toggling,
): Promise<KeptAccount | undefined> {
  return doAudited(by, doneTo(key, deed, change), async (t) => {
    if (!(await setDisabled(t, key, disabledAt))) return undefined
    const all = await accountsOf(t.get, by.seal, key.merchant)
    const kept = all.find(({ account }) => account.id === key.id)
    if (kept && disabledAt === undefined) {
      const { account } = kept
      endOutagesOf(t, key.merchant, { account, ending: 'untried', now: change.now })
    }
    return kept
  })
}

async function admit(
  by: AccountKeeper,
  { check }: AccountOrder,
  credited: Credited,
): Promise<Pick<Admitted, 'admission'>> {
  if (!check) return {}
  const admission = await checkAccount(by, credited)
  if (admission.kind === 'locked_out') {
    throw new Refusal('account_locked_out', { subject: admission.message })
  }
  return { admission }
}

interface Names {
  /** Absent: no id was chosen. */
  readonly id: string | undefined
  readonly label?: string | undefined
}

/** Throws when another account of the merchant has one of these names. */
function refuseTaken(others: readonly KeptAccount[], { id, label }: Names): void {
  if (others.some(({ account }) => account.id === id)) {
    throw new Refusal('account_exists', { subject: 'id' })
  }
  if (label !== undefined && others.some(({ account }) => account.label === label)) {
    throw new Refusal('account_exists', { subject: 'gateway_reference_id' })
  }
}

function refusalOf({ wrong, because }: WrongField, mode: Mode): Refusal {
  if (because !== 'other_mode') return badField(wrong, because)
  const fields = [{ field_name: wrong, reason: because }]
  const other = mode === 'live' ? 'sandbox' : 'live'
  const are = wrong === 'credentials' ? 'are' : 'is'
  const subject = `${wrong} ${are} of ${other} mode, this server is in ${mode} mode.`
  return new Refusal('account_of_other_mode', { subject, fields })
}

function doneTo(key: AccountKey, deed: AuditDeed, change: AuditedBy, subject = key.id) {
  return { merchant: key.merchant, at: change.now, actor: change.actor, deed, subject }
}
