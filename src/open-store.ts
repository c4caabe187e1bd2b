import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Now } from './clock.ts'
import type { Db } from './db/db.ts'
import { databaseNow, settleFact } from './db/facts.ts'
import { lockDataDir } from './db/lock.ts'
import { openDatabase } from './db/migrate.ts'
import { type Env, masterKeyForm, readMasterKeys } from './env.ts'
import { credentialsNot, hasSimulatorAccount } from './gateways/accounts.ts'
import { checkProvider, WrongProvider } from './merchants/check-provider.ts'
import { type KeyProvider, newDataKey, sealProvider } from './merchants/data-key.ts'
import { wrappedBeginnings } from './merchants/data-keys.ts'
import { auditKeyOf } from './merchants/do-audited.ts'
import { jwtKeysNot } from './merchants/jwt-keys.ts'
import { responseKeysNot, type SealedRow } from './merchants/merchant-secrets.ts'
import { type Keyring, openKeyring } from './merchants/open-keyring.ts'
import type { Reader } from './reader.ts'
import { keyIdIn, makeSeal, type Seal, sealedUnder } from './seal.ts'
import type { Secret } from './secret.ts'
import { derivedShortSeal, randomShortSeal, type ShortSeal } from './short-seal.ts'
import { endpointsNot } from './webhooks/endpoints.ts'

/** A start that an operator must mend: its message is one clear line. */
export class CannotStart extends Error {}

/** The database, up to date and of the right mode, and the keys of what it keeps. */
export interface Store {
  readonly db: Db
  readonly seal: Seal
  readonly shortSeal: ShortSeal
  readonly keyring: Keyring
}

// Leases last seconds, and servers on one database compare them by their own clocks.
const mostSkewMs = 2_000

/**
 * Opens what the environment names. Throws `CannotStart` when the database was made in the other
 * mode or under another master key, when its clock is not ours, or when live mode would find an
 * account at the simulated bank.
 */
export async function openStore(env: Env, now: Now = Date.now): Promise<Store> {
  const masterKeys = masterKeysOf(env)
  const seal = makeSeal(...masterKeys)
  const provider = await providerOf(env, seal)
  const databaseUrl = env.databaseUrl?.reveal()
  const db = await openDatabase({ dataDir: env.dataDir, databaseUrl })
  const keyring = openKeyring(db, provider, now)
  try {
    const mode = await settleFact(db, 'mode', env.mode)
    if (mode !== env.mode) {
      throw new CannotStart(
        `this database was made in ${mode} mode; it can't be used in ${env.mode}`,
      )
    }
    if (!seal.keyIds.includes(await settleFact(db, 'master key', seal.keyId))) {
      throw new CannotStart('this database was made under another MASTER_KEY')
    }
    const before = now()
    const there = await databaseNow(db)
    // What is heard late was still said between the two looks at our clock.
    if (there < before - mostSkewMs || there > now() + mostSkewMs) {
      throw new CannotStart(
        "this machine's clock and the database's are over 2 s apart; set them right",
      )
    }
    if (env.mode === 'live' && (await hasSimulatorAccount(db))) {
      throw new CannotStart('an account at the simulated bank is in this live database')
    }
    await checkKeys({ db, seal, keyring }, env)
  } catch (error) {
    await db.close()
    throw error
  }
  // Servers that share a database must open what any of them has sealed; one alone need not be able
  // to open anything once it has ended.
  const shortSeal = env.databaseUrl ? derivedShortSeal(...masterKeys) : randomShortSeal()
  return { db, seal, shortSeal, keyring }
}

/**
 * Takes the folder of an embedded database for this process alone, until the returned function is
 * called; there is nothing to take where the database is a server. Throws `CannotStart`.
 */
export function takeDataDir({ databaseUrl, dataDir }: Env): (() => void) | undefined {
  if (databaseUrl) return undefined
  try {
    return lockDataDir(dataDir)
  } catch (error) {
    throw new CannotStart(error instanceof Error ? error.message : 'the data folder is in use')
  }
}

/** A secret that a server keeps in its data folder. */
export interface OwnFile<T> {
  readonly name: string
  readonly make: () => string
  readonly read: Reader<T>
  /** What `read` takes, in words for an operator. */
  readonly form: string
}

/**
 * The secret in a file of the data folder that only its owner may read, made if it is not there.
 * Throws `CannotStart` when the file holds something else.
 */
export function ownFile<T>(dataDir: string, { name, make, read, form }: OwnFile<T>): T {
  const path = join(dataDir, name)
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeWhole(path, `${make()}\n`)
  }
  const secret = read(readFileSync(path, 'utf8').trim())
  if (!secret)
    throw new CannotStart(
      `the file ${path} does not hold ${form}; put it back, or remove it to begin anew`,
    )
  return secret
}

/** The file is there with all its bytes or not at all, and the first to write it wins. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    unlinkSync(draft)
  }
  // The name is on disk when its folder is: a lost master key would make the database unreadable.
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

function masterKeysOf(env: Env): readonly [Buffer, ...Buffer[]] {
  const [first, ...others] = (env.masterKeys.length > 0 ? env.masterKeys : keysInFile(env)).map(
    (key) => Buffer.from(key.reveal(), 'hex'),
  )
  assert(first, 'there is a master key')
  return [first, ...others]
}

function keysInFile(env: Env): readonly Secret[] {
  const { masterKeyFile } = env
  if (masterKeyFile === undefined) {
    return ownFile(env.dataDir, {
      name: 'master.key',
      make: () => randomBytes(32).toString('hex'),
      read: readMasterKeys,
      form: masterKeyForm,
    })
  }
  const keys = existsSync(masterKeyFile)
    ? readMasterKeys(readFileSync(masterKeyFile, 'utf8').trim())
    : []
  if (!keys || keys.length === 0) {
    throw new CannotStart(
      `the file ${masterKeyFile} of MASTER_KEY_FILE does not hold ${masterKeyForm}`,
    )
  }
  return keys
}

/** The secrets of all tables that are sealed under a master key itself, and not under this one. */
export async function secretsNotUnder(keyId: string, db: Db): Promise<SealedRow[]> {
  const beginning = sealedUnder(keyId)
  const tables = [credentialsNot, responseKeysNot, jwtKeysNot, endpointsNot]
  return (await Promise.all(tables.map((rowsOf) => rowsOf(db.read, beginning)))).flat()
}

/** A key that is missing is found now, not at the first card. Throws `CannotStart`. */
async function checkKeys(
  { db, seal, keyring }: Pick<Store, 'db' | 'seal' | 'keyring'>,
  env: Env,
): Promise<void> {
  const texts = (await secretsNotUnder(seal.keyId, db)).map(({ sealed }) => sealed)
  const beginnings = await wrappedBeginnings(db.read)
  const wrapped = beginnings.filter((beginning) => !beginning.startsWith(wrappedOutside))
  if ([...texts, ...wrapped].some((text) => !seal.keyIds.includes(keyIdIn(text)))) {
    throw new CannotStart('this database holds secrets of a master key that is not in MASTER_KEY')
  }
  if (env.keyProvider === undefined && wrapped.length < beginnings.length) {
    throw new CannotStart("this database's data keys were wrapped by a KEY_PROVIDER; set it")
  }
  const by = env.keyProvider === undefined ? 'MASTER_KEY' : 'the module of KEY_PROVIDER'
  const refuse = (what: string) => (error: unknown) => {
    const why = error instanceof WrongProvider ? `: ${error.message}` : ''
    throw new CannotStart(`${what} by ${by}${why}`)
  }
  // Now, and not when the first key of a new merchant is to be made.
  const trial = keyring.provider.wrap(newDataKey(), { purpose: 'trial', owner: '' })
  await trial.catch(refuse("data keys can't be wrapped and unwrapped"))
  await auditKeyOf(keyring).catch(refuse("a data key of this database can't be unwrapped"))
}

/** Whether an operator's module wraps the data keys that are made from now on. */
export function wrapsOutside({ keyProvider, keyProviderWraps }: Env): boolean {
  return keyProvider !== undefined && keyProviderWraps
}

/** How a data key begins that an operator's module wrapped. */
const wrappedOutside = 'p1.'

/**
 * The default provider, or the two functions of an operator's module; what was wrapped before there
 * was a module still opens. Throws `CannotStart`.
 */
async function providerOf(env: Env, seal: Seal): Promise<KeyProvider> {
  const own = checkProvider(sealProvider(seal))
  if (env.keyProvider === undefined) return own
  const url = pathToFileURL(resolve(env.keyProvider)).href
  const { wrap, unwrap } = await import(url).catch((error: unknown) => {
    const why = error instanceof Error ? error.name : 'an error'
    throw new CannotStart(`the module of KEY_PROVIDER can't be loaded (${why})`)
  })
  if (typeof wrap !== 'function' || typeof unwrap !== 'function') {
    throw new CannotStart('the module of KEY_PROVIDER exports no functions wrap and unwrap')
  }
  const outside = checkProvider({ wrap, unwrap })
  return {
    wrap: async (key, to) =>
      wrapsOutside(env) ? wrappedOutside + (await outside.wrap(key, to)) : own.wrap(key, to),
    unwrap: async (wrapped, of) =>
      wrapped.startsWith(wrappedOutside)
        ? outside.unwrap(wrapped.slice(wrappedOutside.length), of)
        : own.unwrap(wrapped, of),
  }
}
