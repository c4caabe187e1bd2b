import type { MerchantId } from '../ids.ts'
import { oneOf, wholeBetween } from '../reader.ts'

/** Where the server stands: a laptop with a simulated bank, or real money. */
export type Mode = 'sandbox' | 'live'

/** What an operator can set for one merchant: `directotp merchants set ID key=value`. */
export interface Settings {
  /** The form of an OTP challenge: the documented POST, or the newer GET with the hosted page. */
  readonly challenge_method: 'POST' | 'GET'
  /** Whether one wrong OTP ends the payment, for clients that know no second try. */
  readonly fail_on_first_wrong_otp: boolean
  /** The status when attempts are used up, or the challenge expired or was cancelled. */
  readonly otp_failure_status: 'AUTHENTICATION_FAILED' | 'AUTHORIZATION_FAILED'
  /** How many OTPs of one challenge may be tried. */
  readonly otp_max_attempts: number
  /** How often one challenge's OTP may be sent, the first time counted. */
  readonly otp_max_sends: number
  /** The least time between two sends, in seconds. */
  readonly resend_cooldown_seconds: number
  /** The longest order id the merchant may choose, in characters. */
  readonly order_id_max_length: number
  /** `lenient` lets expired and non-Luhn card numbers through to the gateway. */
  readonly card_checks: 'strict' | 'lenient'
  /** Whether card numbers may be stored at all. */
  readonly card_storage: 'none' | 'vault'
  /** `rbi`: four days later only a card's last four digits and issuer are kept. */
  readonly card_retention: 'keep' | 'rbi'
  /** For how many hours a card range that a gateway does no OTP for goes straight to the page. */
  readonly no_otp_hours: number
  /** The origins whose pages may call with a client token, separated by commas; empty: none. */
  readonly browser_origins: string
  /** Whether an encrypted refund must name its order in what is signed: the path is not signed. */
  readonly signed_refund_order: boolean
  /** Where the browser goes after a page, when the order names no return_url. */
  readonly return_url: string
  /** The origins a return_url may have, separated by commas; empty: any. */
  readonly return_origins: string
  /** How the browser goes there: with the status in the URL, or posting it as a form. */
  readonly return_method: 'GET' | 'POST'
  /** Whether that status is signed, where the merchant has a response key. */
  readonly signed_return: boolean
  /** After how many days an authorization that nobody captured is voided. */
  readonly void_after_days: number
  /** After how many hours of doubt a payment is flagged for a person. */
  readonly flag_after_hours: number
  /** Whether money that comes after the payment was told to have failed is given back. */
  readonly refund_late_charges: boolean
  /** Within how many seconds a refund of the same amount counts as the same call; 0: never. */
  readonly refund_repeat_seconds: number
  /** How many OTPs of one card may be tried a day, over all payments; 0: no limit. */
  readonly otp_attempts_per_card: number
  /** The same of one customer. */
  readonly otp_attempts_per_customer: number
  /** How many OTPs may be sent for one card a day; 0: no limit. */
  readonly otp_sends_per_card: number
  /** The same for one customer. */
  readonly otp_sends_per_customer: number
  /** The same for the merchant as a whole. */
  readonly otp_sends_per_merchant: number
}

/** A merchant: whose money it is, and how they want their payments done. */
export interface Merchant {
  readonly id: MerchantId
  readonly settings: Settings
}

/** The settings of a merchant for whom nothing was set. */
export function defaultSettings(mode: Mode): Settings {
  return {
    challenge_method: 'POST',
    fail_on_first_wrong_otp: false,
    otp_failure_status: 'AUTHENTICATION_FAILED',
    otp_max_attempts: 3,
    otp_max_sends: 3,
    resend_cooldown_seconds: mode === 'live' ? 30 : 0,
    order_id_max_length: 21,
    card_checks: 'strict',
    card_storage: mode === 'live' ? 'none' : 'vault',
    card_retention: mode === 'live' ? 'rbi' : 'keep',
    no_otp_hours: 24,
    browser_origins: '',
    signed_refund_order: false,
    return_url: '',
    return_origins: '',
    return_method: 'GET',
    signed_return: true,
    void_after_days: 7,
    flag_after_hours: 72,
    refund_late_charges: false,
    refund_repeat_seconds: mode === 'live' ? 5 : 0,
    ...(mode === 'live' ? liveBudgets : noBudgets),
  }
}

// Fifteen guesses a day at a six-digit OTP succeed once in 67,000 days; no honest card needs more.
const liveBudgets = {
  otp_attempts_per_card: 15,
  otp_attempts_per_customer: 30,
  otp_sends_per_card: 15,
  otp_sends_per_customer: 30,
  // An SMS costs money: a flood of starts ends here, and a shop of ordinary size does not.
  otp_sends_per_merchant: 100_000,
}

const noBudgets = {
  otp_attempts_per_card: 0,
  otp_attempts_per_customer: 0,
  otp_sends_per_card: 0,
  otp_sends_per_customer: 0,
  otp_sends_per_merchant: 0,
}

const flag = (text: string) => ({ true: true, false: false })[text]

/** A million a day is beyond any shop; a typing mistake in a limit should not open it. */
const budget = wholeBetween(0, 1_000_000)

type Read<K extends keyof Settings> = (text: string, mode: Mode) => Settings[K] | undefined

const readers: { readonly [K in keyof Settings]: Read<K> } = {
  challenge_method: oneOf('POST', 'GET'),
  fail_on_first_wrong_otp: flag,
  otp_failure_status: oneOf('AUTHENTICATION_FAILED', 'AUTHORIZATION_FAILED'),
  // Above five tries a six-digit OTP is no longer safe from guessing (OWASP ASVS 6.6.3).
  otp_max_attempts: wholeBetween(1, 5),
  otp_max_sends: wholeBetween(1, 5),
  resend_cooldown_seconds: wholeBetween(0, 300),
  order_id_max_length: wholeBetween(1, 64),
  card_checks: oneOf('strict', 'lenient'),
  card_storage: oneOf('none', 'vault'),
  card_retention: oneOf('keep', 'rbi'),
  // A week: issuers open their cards for OTP range by range, and that should be noticed.
  no_otp_hours: wholeBetween(0, 168),
  browser_origins: readOrigins,
  signed_refund_order: flag,
  return_url: (text, mode) => (text === '' || isWebUrl(text, mode) ? text : undefined),
  return_origins: readOrigins,
  return_method: oneOf('GET', 'POST'),
  signed_return: flag,
  // Issuers let an authorization lapse after 30 days at the latest.
  void_after_days: wholeBetween(1, 30),
  // India wants the customer's money back within five days (RBI, September 2019).
  flag_after_hours: wholeBetween(1, 120),
  refund_late_charges: flag,
  refund_repeat_seconds: wholeBetween(0, 60),
  otp_attempts_per_card: budget,
  otp_attempts_per_customer: budget,
  otp_sends_per_card: budget,
  otp_sends_per_customer: budget,
  otp_sends_per_merchant: budget,
}

/** The names of all settings, for the command line's help. */
export const settingNames = Object.keys(readers) as readonly (keyof Settings)[]

/** One setting from its text, or `undefined` when there is none such or the value is not its. */
export function readSetting(name: string, text: string, mode: Mode): Partial<Settings> | undefined {
  if (!isSettingName(name)) return undefined
  const value = readers[name](text, mode)
  return value === undefined ? undefined : { [name]: value }
}

/**
 * Whether a text is a web address that everyone reads alike: https, or http too in sandbox mode; a
 * host in ASCII; no user info. What browsers and servers would each mend in their own way (spaces,
 * control characters, backslashes, missing slashes, encoded hosts) is none.
 */
export function isWebUrl(text: string, mode: Mode): boolean {
  const [, scheme] = /^(https?):\/\/[a-z0-9._\-:[\]]+(?:[/?#]\S*)?$/i.exec(text) ?? []
  if (scheme === undefined || /[\p{Cc}\p{Cf}\\]/u.test(text) || !URL.canParse(text)) return false
  return mode === 'sandbox' || scheme.toLowerCase() === 'https'
}

/** Whether a browser may be sent to this URL: a web address, at an origin that is allowed. */
export function mayReturnTo(
  url: string,
  allowed: Pick<Settings, 'return_origins'>,
  mode: Mode,
): boolean {
  if (!isWebUrl(url, mode)) return false
  const { return_origins: origins } = allowed
  return origins === '' || origins.split(',').includes(new URL(url).origin)
}

/** Whether pages of this origin, as a browser names it, may call for the merchant. */
export function mayCallFrom(origin: string, allowed: Pick<Settings, 'browser_origins'>): boolean {
  return originsIn(allowed.browser_origins).includes(origin)
}

/** The origins of a setting's list. */
export function originsIn(list: string): readonly string[] {
  return list === '' ? [] : list.split(',')
}

/** Origins as a browser writes them; a path would promise more than is looked at. */
function readOrigins(text: string, mode: Mode): string | undefined {
  if (text === '') return text
  const urls = text.split(',').map((one) => one.trim())
  const known = urls.every((url) => isWebUrl(url, mode) && /^[^/]+\/\/[^/?#]+\/?$/.test(url))
  return known ? urls.map((url) => new URL(url).origin).join(',') : undefined
}

function isSettingName(name: string): name is keyof Settings {
  return Object.hasOwn(readers, name)
}
