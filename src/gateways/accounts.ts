import type { Db, Row, Tx } from '../db/db.ts'
import { type MerchantId, shardOf } from '../ids.ts'
import type { Mode } from '../merchants/merchant.ts'
import type { SealedRow } from '../merchants/merchant-secrets.ts'
import type { Seal } from '../seal.ts'
import { type Account, type AccountForCard, defaultTerms } from './account.ts'
import { gatewayNamed, isGatewayName } from './catalog.ts'
import type { Access } from './gateway.ts'

/** What is needed to reach accounts: the seal of their credentials, and who is where. */
export interface AccountReader {
  readonly db: Db
  readonly seal: Seal
  readonly mode: Mode
  readonly bankUrl: string
  readonly publicUrl: string
}

/** All gateway accounts of a merchant, the oldest first, as they are for cards of this BIN. */
export async function accountsFor(
  get: Db['read'],
  merchant: MerchantId,
  bin: string,
): Promise<AccountForCard[]> {
  const rows = await get(
    `select a.id, a.gateway, a.label, a.base_url, a.terms, a.disabled_at,
       i.until, i.eligible from accounts a
     left join bin_answers i
       on i.shard = $2 and i.merchant = a.merchant and i.bin = $3 and i.account = a.id
     where a.merchant = $1 order by created_at`,
    [merchant, shardOf(merchant, bin), bin],
  )
  return rows.map((row) => ({
    ...accountFrom(row),
    ...(row['until'] !== null && answerFrom(row)),
  }))
}

function answerFrom(row: Row): Pick<AccountForCard, 'answeredUntil' | 'noOtpUntil'> {
  const until = Number(row['until'])
  return { answeredUntil: until, ...(row['eligible'] === 0 && { noOtpUntil: until }) }
}

/** An account and how it is reached. */
export interface Reachable {
  readonly account: Account
  readonly access: Access
}

/** One gateway account of a merchant by its id, with its credentials, or `undefined`. */
export async function findAccount(
  by: AccountReader,
  merchant: MerchantId,
  id: string,
): Promise<Reachable | undefined> {
  const [row] = await by.db.read(
    `select id, gateway, label, base_url, terms, disabled_at, credentials from accounts
     where merchant = $1 and id = $2`,
    [merchant, id],
  )
  if (!row) return undefined
  const account = accountFrom(row)
  const opened = by.seal.open(String(row['credentials']), sealedFor({ merchant, id }))
  return { account, access: accessTo(by, { merchant, account, credentials: JSON.parse(opened) }) }
}

/** Names one account. */
export interface AccountKey {
  readonly merchant: MerchantId
  readonly id: string
}

/** An account as it is kept: which credentials it has, never what they are. */
export interface KeptAccount {
  readonly account: Account
  readonly credentials: readonly string[]
  readonly createdAt: number
}

/** The accounts of a merchant, the oldest first. */
export async function accountsOf(
  get: Db['read'],
  seal: Seal,
  merchant: MerchantId,
): Promise<KeptAccount[]> {
  const rows = await get(
    `select id, gateway, label, base_url, terms, disabled_at, credentials, created_at from accounts
     where merchant = $1 order by created_at`,
    [merchant],
  )
  return rows.map((row) => {
    const account = accountFrom(row)
    const opened = seal.open(String(row['credentials']), sealedFor({ merchant, id: account.id }))
    const credentials = Object.keys(JSON.parse(opened))
    return { account, credentials, createdAt: Number(row['created_at']) }
  })
}

/** The other accounts of a merchant that are the same one at their gateway, by their ids. */
export async function accountsLike(
  get: Db['read'],
  seal: Seal,
  { merchant, account, credentials }: Credited,
): Promise<string[]> {
  const rows = await get(
    `select id, credentials from accounts
     where merchant = $1 and gateway = $2 and id <> $3 order by created_at`,
    [merchant, account.gateway, account.id],
  )
  const names = gatewayNamed(account.gateway).credentials.filter((name) => !name.endsWith('?'))
  return rows.flatMap((row) => {
    const id = String(row['id'])
    const theirs = JSON.parse(seal.open(String(row['credentials']), sealedFor({ merchant, id })))
    return names.every((name) => theirs[name] === credentials[name]) ? [id] : []
  })
}

/** Adds an account; `false`, and nothing written, when its id or its label is another's. */
export async function insertAccount(
  t: Tx,
  seal: Seal,
  { merchant, account, credentials, at }: Credited & { readonly at: number },
): Promise<boolean> {
  const rows = await t.get(
    `insert into accounts (merchant, id, gateway, label, base_url, terms, credentials, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id`,
    [
      merchant,
      account.id,
      account.gateway,
      account.label ?? null,
      account.baseUrl ?? null,
      JSON.stringify(account.terms),
      sealed(seal, { merchant, id: account.id }, credentials),
      at,
    ],
  )
  return rows.length > 0
}

/** Writes an account's label, address and terms; its label must be no other's. */
export function changeTerms(t: Tx, merchant: MerchantId, account: Account): void {
  const { id, label, baseUrl, terms } = account
  t.put(
    `update accounts set label = $3, base_url = $4, terms = $5
     where merchant = $1 and id = $2`,
    [merchant, id, label ?? null, baseUrl ?? null, JSON.stringify(terms)],
  )
}

/** Gives an account other credentials: whoever asks its gateway next uses them. */
export function replaceCredentials(
  t: Tx,
  seal: Seal,
  { key, credentials }: { key: AccountKey; credentials: Access['credentials'] },
): void {
  t.put('update accounts set credentials = $3 where merchant = $1 and id = $2', [
    key.merchant,
    key.id,
    sealed(seal, key, credentials),
  ])
}

/** Switches an account off (at a time) or on; `false` when the merchant has none by this id. */
export async function setDisabled(
  t: Tx,
  { merchant, id }: AccountKey,
  at: number | undefined,
): Promise<boolean> {
  const rows = await t.get(
    'update accounts set disabled_at = $3 where merchant = $1 and id = $2 returning id',
    [merchant, id, at ?? null],
  )
  return rows.length > 0
}

/** An account that is, or is about to be, a merchant's. */
export interface Credited {
  readonly merchant: MerchantId
  readonly account: Account
  readonly credentials: Access['credentials']
}

/** How an account is reached: at its own address, or at its gateway's of this mode. */
export function accessTo(
  by: Pick<AccountReader, 'mode' | 'bankUrl' | 'publicUrl'>,
  { merchant, account, credentials }: Credited,
): Access {
  const gateway = gatewayNamed(account.gateway)
  const own = account.gateway === 'simulator' ? [by.bankUrl] : gateway.hosts[by.mode]
  const { baseUrl = own[0] ?? '' } = account
  const isOwn = own.some((url) => new URL(url).origin === new URL(baseUrl).origin)
  const urls = isOwn ? own : [baseUrl]
  return {
    baseUrl,
    origins: urls.map((url) => new URL(url).origin),
    credentials,
    callbackUrl: callbackUrlOf(by, merchant, account),
    transcribed: gateway.transcribed,
  }
}

/** Where an account's gateway is to post news. */
export function callbackUrlOf(
  { publicUrl }: Pick<AccountReader, 'publicUrl'>,
  merchant: MerchantId,
  { gateway, id }: Pick<Account, 'gateway' | 'id'>,
): string {
  return `${publicUrl}/callbacks/${gateway}/${merchant}/${id}`
}

function accountFrom(row: Row): Account {
  const gateway = String(row['gateway'])
  if (!isGatewayName(gateway)) throw new Error(`account of an unknown gateway: ${gateway}`)
  return {
    id: String(row['id']),
    gateway,
    ...(row['label'] !== null && { label: String(row['label']) }),
    ...(row['base_url'] !== null && { baseUrl: String(row['base_url']) }),
    terms: { ...defaultTerms, ...JSON.parse(String(row['terms'])) },
    ...(row['disabled_at'] !== null && { disabledAt: Number(row['disabled_at']) }),
  }
}

/** Gives a merchant an account at the simulated bank, named `simulator`, unless they have it. */
export function addSimulatorAccount(t: Tx, seal: Seal, to: { merchant: MerchantId; at: number }) {
  const credentials = { account: `${to.merchant}-simulator` }
  const key = { merchant: to.merchant, id: 'simulator' }
  t.put(
    `insert into accounts (merchant, id, gateway, credentials, created_at)
     values ($1, 'simulator', 'simulator', $2, $3) on conflict do nothing`,
    [to.merchant, sealed(seal, key, credentials), to.at],
  )
}

/** Whether any account is at the simulated bank, which live mode must not know. */
export async function hasSimulatorAccount(db: Db): Promise<boolean> {
  const rows = await db.read(
    "select 1 as yes from accounts where gateway = 'simulator' limit 1",
    [],
  )
  return rows.length > 0
}

/** The accounts whose sealed credentials begin otherwise, of all merchants. */
export async function credentialsNot(get: Db['read'], beginning: string): Promise<SealedRow[]> {
  const rows = await get(
    `select merchant, id, credentials from accounts
     where substr(credentials, 1, length($1)) <> $1`,
    [beginning],
  )
  return rows.map((row) => {
    const [merchant, id] = [row['merchant'] as MerchantId, String(row['id'])]
    const old = String(row['credentials'])
    return {
      sealed: old,
      to: sealedFor({ merchant, id }),
      replace: (t, sealed) =>
        t.put(
          `update accounts set credentials = $3
           where merchant = $1 and id = $2 and credentials = $4`,
          [merchant, id, sealed, old],
        ),
    }
  })
}

function sealed(seal: Seal, key: AccountKey, credentials: Access['credentials']): string {
  return seal.close(JSON.stringify(credentials), sealedFor(key))
}

function sealedFor({ merchant, id }: AccountKey) {
  return { purpose: 'gateway credentials', owner: `${merchant}/${id}` }
}
