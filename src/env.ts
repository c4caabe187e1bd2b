import { isIP } from 'node:net'
import { isMerchantId, type MerchantId } from './ids.ts'
import { oneOf, type Reader, wholeBetween } from './reader.ts'
import { Secret } from './secret.ts'

/** The levels of the log, the most talkative first. */
export type LogLevel = (typeof logLevels)[number]

/** What exists in sandbox mode only. */
export interface Sandbox {
  readonly demoMerchantId: MerchantId
  /** Absent: one is made at the first start and kept. */
  readonly demoApiKey?: Secret
  /** What signs the status that browsers bring back to the demo merchant. */
  readonly demoResponseKey: Secret
  /** Absent: the bank runs inside this process. No final slash. */
  readonly bankUrl?: string
  readonly bankBook: 'file' | 'memory'
}

/** What the server was told by its environment. */
export interface Env {
  readonly mode: 'sandbox' | 'live'
  readonly host: string
  /** 0 stands for any free port. */
  readonly port: number
  /** What links are built from, without a final slash. Absent: {@link publicUrlAt}. */
  readonly publicUrl?: string
  /** IP addresses and CIDRs whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly string[]
  readonly dataDir: string
  /** A PostgreSQL connection URL. Absent: the embedded database in `dataDir`. */
  readonly databaseUrl?: Secret
  /** Each 32 bytes as 64 hex digits: the first one seals, all open. None: they are in a file. */
  readonly masterKeys: readonly Secret[]
  /** Where they are instead, one a line. */
  readonly masterKeyFile?: string
  /** A module that wraps data keys in place of the master key: `wrap` and `unwrap`. */
  readonly keyProvider?: string
  /** Whether it wraps keys too, or opens what it has wrapped and no more. */
  readonly keyProviderWraps: boolean
  /** Whether the pages for developers are served: `/docs`, `/llms.txt`. */
  readonly docs: boolean
  readonly logLevel: LogLevel
  /** Requests a minute of one API key; 0 is no limit. */
  readonly rateLimitPerKey: number
  /** Requests a minute from one address; 0 is no limit. */
  readonly rateLimitPerAddress: number
  readonly sandbox?: Sandbox
}

/** Environment variables, as `process.env` has them. An empty one counts as not set. */
export type Variables = Readonly<Record<string, string | undefined>>

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

// 100 a second is 25 payments a second of one merchant: a flash sale fits, a runaway loop does not.
// An address gets the same, because a merchant's backend calls from one.
const liveRequestsPerMinute = 6_000

// More than any limit anyone means, so a typing error with too many digits is found.
const mostRequestsPerMinute = 10_000_000

const masterKeyBytes = 32

/** What `http://HOST:PORT` is for a server that got this host and port and no `PUBLIC_URL`. */
export function publicUrlAt(host: string, port: number): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

/**
 * The environment from its variables, or everything that is wrong with them: one line each, with
 * the variable's name and what would be right. No line has a value, because values may be secret.
 */
export function readEnv(variables: Variables): { ok: Env } | { wrong: readonly string[] } {
  const wrong: string[] = []
  const given = (name: string) => variables[name] || undefined
  function read<T>(name: string, parse: Reader<T>, right: string) {
    const text = given(name)
    if (text === undefined) return undefined
    const value = parse(text)
    if (value === undefined) wrong.push(`${name} is not ${right}`)
    return value
  }

  const mode = read('MODE', oneOf('sandbox', 'live'), 'one of: sandbox, live') ?? 'sandbox'
  const limit = (name: string) =>
    read(
      name,
      wholeBetween(0, mostRequestsPerMinute),
      'a whole number of requests a minute, like 6000',
    ) ?? (mode === 'live' ? liveRequestsPerMinute : 0)
  const env: Env = {
    mode,
    host: read('HOST', host, 'a host name or an IP address, like 127.0.0.1') ?? '127.0.0.1',
    port:
      read('PORT', wholeBetween(0, 65_535), 'a whole number from 0 to 65535, like 8080') ?? 8080,
    trustedProxies:
      read('TRUSTED_PROXIES', cidrs, 'a list of CIDRs with commas, like 10.0.0.0/8,::1/128') ?? [],
    dataDir: read('DATA_DIR', folder, 'the path of a folder, like ./data') ?? './data',
    logLevel: read('LOG_LEVEL', oneOf(...logLevels), `one of: ${logLevels.join(', ')}`) ?? 'info',
    masterKeys: read('MASTER_KEY', readMasterKeys, masterKeyForm) ?? [],
    docs:
      (read('DOCS', oneOf('on', 'off'), 'one of: on, off') ?? (mode === 'live' ? 'off' : 'on')) ===
      'on',
    keyProviderWraps: read('KEY_PROVIDER_WRAPS', oneOf('on', 'off'), 'one of: on, off') !== 'off',
    rateLimitPerKey: limit('RATE_LIMIT_PER_KEY'),
    rateLimitPerAddress: limit('RATE_LIMIT_PER_ADDRESS'),
    ...present({
      publicUrl: read(
        'PUBLIC_URL',
        mode === 'live' ? httpsOrigin : origin,
        mode === 'live'
          ? 'an https URL without a path, like https://pay.example.com; live mode needs one'
          : 'a URL without a path, like https://pay.example.com',
      ),
      databaseUrl: read(
        'DATABASE_URL',
        postgresUrl,
        'a PostgreSQL URL, like postgres://user:password@host:5432/directotp',
      ),
      masterKeyFile: read('MASTER_KEY_FILE', folder, 'the path of a file'),
      keyProvider: read('KEY_PROVIDER', folder, 'the path of a module, like ./kms.mjs'),
      sandbox: mode === 'sandbox' ? readSandbox(read) : undefined,
    }),
  }

  if (mode === 'live') wrong.push(...wrongInLive(given))
  else if (given('DATABASE_URL') && !hasMasterKey(given)) {
    wrong.push(
      'MASTER_KEY is not set; a server on DATABASE_URL needs it: 32 bytes as 64 hex digits',
    )
  }
  if (given('MASTER_KEY') && given('MASTER_KEY_FILE')) {
    wrong.push('MASTER_KEY and MASTER_KEY_FILE are both set; unset one of them')
  }
  return wrong.length > 0 ? { wrong } : { ok: env }
}

/** {@link readEnv} of this process. */
export function readProcessEnv(): ReturnType<typeof readEnv> {
  return readEnv(process.env)
}

type Read = <T>(name: string, parse: Reader<T>, right: string) => T | undefined

function readSandbox(read: Read): Sandbox {
  return {
    demoMerchantId:
      read('DEMO_MERCHANT_ID', merchantId, '1 to 32 letters, digits, - and _, like demo') ??
      ('demo' as MerchantId),
    demoResponseKey:
      read('DEMO_RESPONSE_KEY', responseKey, '8 to 200 visible ASCII characters') ??
      new Secret('demo_response_key'),
    bankBook: read('BANK_BOOK', oneOf('file', 'memory'), 'one of: file, memory') ?? 'file',
    ...present({
      demoApiKey: read('DEMO_API_KEY', readApiKey, apiKeyForm),
      bankUrl: read('BANK_URL', httpUrl, 'an http or https URL, like http://127.0.0.1:8090'),
    }),
  }
}

function wrongInLive(given: (name: string) => string | undefined): string[] {
  const needed: Record<string, string> = {
    PUBLIC_URL: 'an https URL without a path, like https://pay.example.com',
    ...(!hasMasterKey(given) && { MASTER_KEY: '32 bytes as 64 hex digits or as base64' }),
  }
  const sandboxOnly = [
    'DEMO_MERCHANT_ID',
    'DEMO_API_KEY',
    'DEMO_RESPONSE_KEY',
    'BANK_URL',
    'BANK_BOOK',
  ]
  return [
    ...Object.entries(needed)
      .filter(([name]) => !given(name))
      .map(([name, right]) => `${name} is not set; live mode needs it: ${right}`),
    ...sandboxOnly
      .filter((name) => given(name))
      .map((name) => `${name} is set; it exists in sandbox mode only, unset it or MODE`),
  ]
}

/** The object without its undefined members, which is what optional members want. */
function present<T extends object>(object: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> }
}

function host(text: string): string | undefined {
  return isIP(text) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})$/.test(text) ? text : undefined
}

function folder(text: string): string | undefined {
  return text.includes('\0') || text.trim() === '' ? undefined : text
}

function merchantId(text: string): MerchantId | undefined {
  return isMerchantId(text) ? text : undefined
}

/** What an API key may be, in words for an operator. */
export const apiKeyForm = 'at least 16 visible ASCII characters without a colon'

/** An API key from its text. It travels as the user of Basic auth, so a colon would end it. */
export function readApiKey(text: string): Secret | undefined {
  return /^[!-9;-~]{16,200}$/.test(text) ? new Secret(text) : undefined
}

function responseKey(text: string): Secret | undefined {
  return /^[!-~]{8,200}$/.test(text) ? new Secret(text) : undefined
}

function hasMasterKey(given: (name: string) => string | undefined): boolean {
  return given('MASTER_KEY') !== undefined || given('MASTER_KEY_FILE') !== undefined
}

/** What master keys may be, in words for an operator. */
export const masterKeyForm =
  '32 bytes as 64 hex digits or as base64 (while keys are changed: the new one, a comma, the old)'

/** While keys are changed there are two; more than four were never retired. */
const mostMasterKeys = 4

/** Master keys from their text, separated by commas or lines; each as 64 hex digits. */
export function readMasterKeys(text: string): readonly Secret[] | undefined {
  const keys = text.split(/,\s*|\n/).map(masterKey)
  const known = keys.filter((key) => key !== undefined)
  const distinct = new Set(known.map((key) => key.reveal())).size === keys.length
  return known.length === keys.length && distinct && keys.length <= mostMasterKeys
    ? known
    : undefined
}

function masterKey(text: string): Secret | undefined {
  const hex = /^[0-9a-fA-F]{64}$/.test(text)
  const base64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(text)
  const bytes = hex || base64 ? Buffer.from(text, hex ? 'hex' : 'base64') : undefined
  return bytes?.length === masterKeyBytes ? new Secret(bytes.toString('hex')) : undefined
}

function postgresUrl(text: string): Secret | undefined {
  return /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text) ? new Secret(text) : undefined
}

function httpUrl(text: string): string | undefined {
  if (!URL.canParse(text) || text.includes('?') || text.includes('#')) return undefined
  const { protocol, username, password, href } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') return undefined
  return username === '' && password === '' ? href.replace(/\/$/, '') : undefined
}

function origin(text: string): string | undefined {
  const url = httpUrl(text)
  return url !== undefined && new URL(url).pathname === '/' ? url : undefined
}

function httpsOrigin(text: string): string | undefined {
  const url = origin(text)
  return url?.startsWith('https:') ? url : undefined
}

function cidrs(text: string): readonly string[] | undefined {
  const list = text.split(',').map((item) => item.trim())
  return list.every(isCidr) ? list : undefined
}

/** Everyone (`/0`) is no proxy: any caller could then choose the address that limits count. */
function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  if (bits === undefined) return true
  const most = version === 4 ? 32 : 128
  return /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most
}
