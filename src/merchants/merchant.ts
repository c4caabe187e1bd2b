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
  /** Where the browser goes after a page, when the order names no return_url. */
  readonly return_url: string
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
    return_url: '',
  }
}

type Read<K extends keyof Settings> = (text: string, mode: Mode) => Settings[K] | undefined

const readers: { readonly [K in keyof Settings]: Read<K> } = {
  challenge_method: oneOf('POST', 'GET'),
  fail_on_first_wrong_otp: (text) => ({ true: true, false: false })[text],
  otp_failure_status: oneOf('AUTHENTICATION_FAILED', 'AUTHORIZATION_FAILED'),
  // Above five tries a six-digit OTP is no longer safe from guessing (OWASP ASVS 6.6.3).
  otp_max_attempts: wholeBetween(1, 5),
  otp_max_sends: wholeBetween(1, 5),
  resend_cooldown_seconds: wholeBetween(0, 300),
  order_id_max_length: wholeBetween(1, 64),
  card_checks: oneOf('strict', 'lenient'),
  return_url: (text, mode) => (text === '' || isReturnUrl(text, mode) ? text : undefined),
}

/** The names of all settings, for the command line's help. */
export const settingNames = Object.keys(readers) as readonly (keyof Settings)[]

/** One setting from its text, or `undefined` when there is none such or the value is not its. */
export function readSetting(name: string, text: string, mode: Mode): Partial<Settings> | undefined {
  if (!isSettingName(name)) return undefined
  const value = readers[name](text, mode)
  return value === undefined ? undefined : { [name]: value }
}

/** Whether a browser may be sent to this URL: https, or http too in sandbox mode; no user info. */
export function isReturnUrl(text: string, mode: Mode): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  const scheme = url.protocol === 'https:' || (mode === 'sandbox' && url.protocol === 'http:')
  return scheme && url.username === '' && url.password === ''
}

function isSettingName(name: string): name is keyof Settings {
  return Object.hasOwn(readers, name)
}
