import { type Brand, brands } from '../cards/bin.ts'
import { isWebUrl, type Mode } from '../merchants/merchant.ts'
import { type Paise, paiseFromRupees } from '../money.ts'
import { oneOf, type Reader, wholeBetween } from '../reader.ts'
import { type GatewayName, gatewayNamed, gateways, isGatewayName } from './catalog.ts'
import type { Access, Gateway } from './gateway.ts'

/** What an account may be used for, as its merchant has agreed it with the gateway. */
export interface AccountTerms {
  /** The networks it may do OTP for; absent: those that the gateway publishes. */
  readonly networks?: readonly Brand[]
  /** The beginnings of card numbers it may do OTP for; absent: all of these networks. */
  readonly bins?: readonly string[]
  /** Its share among accounts that do equally well, 0 to 1,000; 0: only when no other can. */
  readonly weight: number
  /** The least and the most of one payment; absent: no limit. */
  readonly least?: Paise
  readonly most?: Paise
  /** Whether money can be held there, where that is the account's and not the gateway's to say. */
  readonly holds: boolean
}

/** A merchant's account at a gateway, without its credentials. */
export interface Account {
  readonly id: string
  readonly gateway: GatewayName
  /** The name that the merchant's `gateway_reference_id` chooses it by. */
  readonly label?: string
  /** Absent: the gateway's own address of the mode. */
  readonly baseUrl?: string
  readonly terms: AccountTerms
  /** Since when nothing is started there any more, epoch milliseconds. */
  readonly disabledAt?: number
}

/** An account as it is for one card. */
export interface AccountForCard extends Account {
  /** Until when what it has said of the card's BIN is believed, epoch milliseconds. */
  readonly answeredUntil?: number
  /** It has said that it does no OTP for the card's BIN, and is not asked again before then. */
  readonly noOtpUntil?: number
}

/** What an account is used for when nothing else was said. */
export const defaultTerms: AccountTerms = { weight: 100, holds: false }

/** An account as it is written down: fields as docs/wire.md has them. */
export type AccountText = Readonly<Record<string, string>>

/**
 * A field that is not as it must be; `other_mode`: it is of live accounts, or of test ones;
 * `unknown`: accounts have none by this name.
 */
export interface WrongField {
  readonly wrong: string
  readonly because: 'missing' | 'invalid' | 'unknown' | 'other_mode'
}

/** What is said of a new account. */
export interface SaidAccount {
  /** Absent: it is to be named after its gateway. */
  readonly id?: string
  readonly account: Omit<Account, 'id' | 'disabledAt'>
  readonly credentials: Access['credentials']
}

/** An account as it is to be. */
export interface ChangedAccount {
  readonly account: Account
  /** All of them; absent: those that it has. */
  readonly credentials?: Access['credentials']
  /** The names of the fields that were written, for the audit log. */
  readonly fields: readonly string[]
}

/** Who writes, and where. */
export interface AccountWriter {
  readonly mode: Mode
  /**
   * Whether a live account may be elsewhere than at its gateway's own hosts. Cards go there: who
   * runs the server may say so, who has come by an API key may not.
   */
  readonly anyHost: boolean
}

/** What the names of credentials begin with among the fields of an account. */
export const credentialPrefix = 'credentials.'

/** The fields of an account beside its credentials. */
export const accountFields: readonly string[] = [
  ...['id', 'gateway', 'gateway_reference_id', 'base_url'],
  ...['networks', 'otp_bins', 'weight', 'min_amount', 'max_amount', 'holds'],
]

/** The account that somebody wrote, or what is wrong with it. An empty field is an absent one. */
export function readAccount(text: AccountText, by: AccountWriter): SaidAccount | WrongField {
  const { id = '', gateway = '' } = text
  const strange = unknownIn(text)
  if (strange) return strange
  if (id !== '' && !idForm.test(id)) return invalid('id')
  if (gateway === '') return { wrong: 'gateway', because: 'missing' }
  if (!isGatewayName(gateway)) return invalid('gateway')
  if (gateway === 'simulator' && by.mode === 'live')
    return { wrong: 'gateway', because: 'other_mode' }
  const account = readOver(text, { gateway, terms: defaultTerms }, by)
  if ('wrong' in account) return account
  const credentials = readCredentials(text, gateway, by.mode)
  if ('wrong' in credentials) return credentials
  return { ...(id !== '' && { id }), account, credentials: credentials.read }
}

/**
 * An account with what somebody wrote laid over it, or what is wrong with that. An empty field
 * takes away what was there; the gateway stays, and so does the id.
 */
export function readChange(
  text: AccountText,
  from: Account,
  by: AccountWriter,
): ChangedAccount | WrongField {
  const { gateway = from.gateway, id = from.id } = text
  const strange = unknownIn(text)
  if (strange) return strange
  if (gateway !== from.gateway) return invalid('gateway')
  if (id !== from.id) return invalid('id')
  const read = readOver(text, from, by)
  if ('wrong' in read) return read
  const { disabledAt } = from
  const account = { id, ...read, ...(disabledAt !== undefined && { disabledAt }) }
  const fields = accountFields.filter((name) => text[name] !== undefined)
  if (namesIn(text).length === 0) {
    const { baseUrl } = account
    const movesAway = baseUrl !== undefined && baseUrl !== from.baseUrl
    // Who may change an account must not learn its credentials by sending them elsewhere.
    return movesAway ? { wrong: 'credentials', because: 'missing' } : { account, fields }
  }
  const credentials = readCredentials(text, from.gateway, by.mode)
  if ('wrong' in credentials) return credentials
  return { account, credentials: credentials.read, fields: [...fields, 'credentials'] }
}

/** The first id after its gateway's name and a number that none of these has. */
export function freeAccountId(gateway: GatewayName, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const id = `${gateway}-${n}`
    if (!taken.has(id)) return id
  }
}

/** It stands in callback URLs as it is. */
const idForm = /^[A-Za-z0-9_-]{1,64}$/

/** What the metadata of an order may hold, and a person may read out. */
const labelForm = /^[A-Za-z0-9_.:@-]{1,128}$/

type Described = SaidAccount['account']

function readOver(text: AccountText, from: Described, by: AccountWriter): Described | WrongField {
  const { gateway } = from
  const { gateway_reference_id: label = from.label ?? '', base_url: url = from.baseUrl ?? '' } =
    text
  if (label !== '' && !labelForm.test(label)) return invalid('gateway_reference_id')
  const base = url === from.baseUrl ? { read: url } : readBaseUrl(url, gatewayNamed(gateway), by)
  if ('wrong' in base) return base
  if (base.read === '' && gateway !== 'simulator' && !gatewayNamed(gateway).hosts[by.mode][0]) {
    return { wrong: 'base_url', because: 'missing' }
  }
  const terms = readTerms(text, from.terms)
  if ('wrong' in terms) return terms
  return {
    gateway,
    ...(label !== '' && { label }),
    ...(base.read !== '' && { baseUrl: base.read }),
    terms: terms.read,
  }
}

/** More is no list that a person keeps, and each payment reads all of it. */
const mostBins = 500

const termReaders: Readonly<Record<string, readonly [keyof AccountTerms, Reader<unknown>]>> = {
  // An account without the feature is of use all the same, for the bank's page.
  networks: ['networks', networksIn],
  otp_bins: ['bins', (text) => listOf(text, (one) => (/^\d{6,9}$/.test(one) ? one : undefined))],
  weight: ['weight', wholeBetween(0, 1_000)],
  min_amount: ['least', paiseFromRupees],
  max_amount: ['most', paiseFromRupees],
  holds: ['holds', (text) => (text === 'true' ? true : text === 'false' ? false : undefined)],
}

function readTerms(text: AccountText, from: AccountTerms): { read: AccountTerms } | WrongField {
  const terms: Partial<Record<keyof AccountTerms, unknown>> = { ...from }
  for (const [field, [term, read]] of Object.entries(termReaders)) {
    const written = text[field]
    if (written === undefined) continue
    const value = written === '' ? defaultTerms[term] : read(written)
    if (value === undefined && written !== '') return invalid(field)
    if (value === undefined) delete terms[term]
    else terms[term] = value
  }
  const read = terms as unknown as AccountTerms
  return (read.least ?? 0) > (read.most ?? Infinity) ? invalid('max_amount') : { read }
}

function networksIn(text: string): readonly Brand[] | undefined {
  const words = text.toUpperCase()
  return words === 'NONE' ? [] : listOf(words, oneOf(...brands))
}

function listOf<T>(text: string, read: Reader<T>): readonly T[] | undefined {
  const all = text.split(',').map((one) => read(one.trim()))
  const known = all.filter((one) => one !== undefined)
  return known.length === all.length && known.length <= mostBins ? [...new Set(known)] : undefined
}

/** Gateways have short ones; a caller must not make every payment build long ones. */
const longestUrl = 512

function readBaseUrl(
  text: string,
  gateway: Gateway,
  { mode, anyHost }: AccountWriter,
): { read: string } | WrongField {
  if (text === '') return { read: '' }
  const isPlain = isWebUrl(text, 'sandbox') && !/[?#]/.test(text) && text.length <= longestUrl
  if (!isPlain || !isWebUrl(text, mode)) return invalid('base_url')
  const url = new URL(text)
  const host = hostOf(text)
  const isOwn = gateway.hosts[mode].some((one) => hostOf(one) === host)
  if (!isOwn && isOfOtherMode(host, mode)) return { wrong: 'base_url', because: 'other_mode' }
  if (!isOwn && mode === 'live' && !anyHost) return invalid('base_url')
  return { read: url.origin + url.pathname.replace(/\/+$/, '') }
}

/** Whether any gateway has this host in the other mode, and none in this one. */
function isOfOtherMode(host: string, mode: Mode): boolean {
  const other = mode === 'live' ? 'sandbox' : 'live'
  const has = (one: Mode) =>
    Object.values<Gateway>(gateways).some(({ hosts }) =>
      hosts[one].some((url) => hostOf(url) === host),
    )
  return has(other) && !has(mode)
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, '')
}

/** PayU's second kind of salt has some 1,600 characters. */
const credentialForm = /^[!-~]{1,4096}$/

function readCredentials(
  text: AccountText,
  gateway: GatewayName,
  mode: Mode,
): { read: Access['credentials'] } | WrongField {
  const { credentials: known, modeOf, hosts }: Gateway = gatewayNamed(gateway)
  const names = known.map((name) => name.replace(/\?$/, ''))
  const strange = namesIn(text).find((name) => !names.includes(name))
  if (strange !== undefined) return unknown(credentialPrefix + strange)
  const read: Record<string, string> = {}
  for (const name of names) {
    const value = text[credentialPrefix + name] ?? ''
    const field = credentialPrefix + name
    if (value === '' && known.includes(name)) return { wrong: field, because: 'missing' }
    if (value === '') continue
    if (!credentialForm.test(value)) return invalid(field)
    read[name] = value
  }
  const own = modeOf?.(read)
  if (own !== undefined && own !== mode) return { wrong: 'credentials', because: 'other_mode' }
  // Where both modes have one address, only the credentials keep test from live.
  const isTold = own !== undefined || hosts.sandbox[0] !== hosts.live[0] || !modeOf
  return isTold ? { read } : invalid('credentials')
}

function namesIn(text: AccountText): string[] {
  const fields = Object.keys(text).filter((name) => name.startsWith(credentialPrefix))
  return fields.map((name) => name.slice(credentialPrefix.length))
}

/** A misspelt limit must not be no limit. */
function unknownIn(text: AccountText): WrongField | undefined {
  const fields = Object.keys(text).filter((name) => !name.startsWith(credentialPrefix))
  const strange = fields.find((name) => !accountFields.includes(name))
  return strange === undefined ? undefined : unknown(strange)
}

/** Long enough for a slip of the pen; what is longer is no name. */
const longestName = 64

function unknown(name: string): WrongField {
  return { wrong: name.slice(0, longestName), because: 'unknown' }
}

function invalid(wrong: string): WrongField {
  return { wrong, because: 'invalid' }
}
