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
import { dirname, join } from 'node:path'
import type { Now } from './clock.ts'
import type { Db } from './db/db.ts'
import { databaseNow, settleFact } from './db/facts.ts'
import { lockDataDir } from './db/lock.ts'
import { openDatabase } from './db/migrate.ts'
import type { Env } from './env.ts'
import { hasSimulatorAccount } from './gateways/accounts.ts'
import type { Reader } from './reader.ts'
import { makeSeal, type Seal } from './seal.ts'
import { Secret } from './secret.ts'

/** A start that an operator must mend: its message is one clear line. */
export class CannotStart extends Error {}

/** The database, up to date and of the right mode, and the seal of what it keeps. */
export interface Store {
  readonly db: Db
  readonly seal: Seal
}

// Leases last seconds, and servers on one database compare them by their own clocks.
const mostSkewMs = 2_000

/**
 * Opens what the environment names. Throws `CannotStart` when the database was made in the other
 * mode or under another master key, when its clock is not ours, or when live mode would find an
 * account at the simulated bank.
 */
export async function openStore(env: Env, now: Now = Date.now): Promise<Store> {
  const seal = makeSeal(masterKeyOf(env))
  const databaseUrl = env.databaseUrl?.reveal()
  const db = await openDatabase({ dataDir: env.dataDir, databaseUrl })
  try {
    const mode = await settleFact(db, 'mode', env.mode)
    if (mode !== env.mode) {
      throw new CannotStart(
        `this database was made in ${mode} mode; it can't be used in ${env.mode}`,
      )
    }
    if ((await settleFact(db, 'master key', seal.keyId)) !== seal.keyId) {
      throw new CannotStart('this database was made under another MASTER_KEY')
    }
    if (Math.abs((await databaseNow(db)) - now()) > mostSkewMs) {
      throw new CannotStart(
        "this machine's clock and the database's are over 2 s apart; set them right",
      )
    }
    if (env.mode === 'live' && (await hasSimulatorAccount(db))) {
      throw new CannotStart('an account at the simulated bank is in this live database')
    }
  } catch (error) {
    await db.close()
    throw error
  }
  return { db, seal }
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
export interface OwnFile {
  readonly name: string
  readonly make: () => string
  readonly read: Reader<Secret>
  /** What `read` takes, in words for an operator. */
  readonly form: string
}

/**
 * The secret in a file of the data folder that only its owner may read, made if it is not there.
 * Throws `CannotStart` when the file holds something else.
 */
export function ownFile(dataDir: string, { name, make, read, form }: OwnFile): Secret {
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

function masterKeyOf(env: Env): Buffer {
  const key =
    env.masterKey ??
    ownFile(env.dataDir, {
      name: 'master.key',
      make: () => randomBytes(32).toString('hex'),
      read: (text) => (/^[0-9a-fA-F]{64}$/.test(text) ? new Secret(text) : undefined),
      form: '64 hex digits',
    })
  return Buffer.from(key.reveal(), 'hex')
}
