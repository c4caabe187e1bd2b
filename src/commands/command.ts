import { type Env, readProcessEnv } from '../env.ts'
import type { MerchantId } from '../ids.ts'
import type { AuditedBy } from '../merchants/do-audited.ts'
import { findMerchant } from '../merchants/merchants.ts'
import { CannotStart, openStore, type Store } from '../open-store.ts'

/** Wrong words on the command line: how the command is said, or what is wrong. */
export class Usage extends Error {}

/** The environment of this process. Throws CannotStart with all that is wrong with it. */
export function environment(): Env {
  const read = readProcessEnv()
  if ('ok' in read) return read.ok
  throw new CannotStart(read.wrong.join('\n'))
}

/** Does the work on an open store, and closes it whatever comes of it. */
export async function withStore(env: Env, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore(env)
  try {
    await work(store)
  } finally {
    await store.db.close()
  }
}

/** Where a command about one merchant works. */
export interface AtMerchant {
  readonly env: Env
  readonly store: Store
  readonly merchant: MerchantId
}

/** Does the work for a merchant as {@link withStore} does. Throws CannotStart if there is none. */
export async function withMerchant(
  id: string,
  work: (at: AtMerchant) => Promise<void>,
): Promise<void> {
  const env = environment()
  await withStore(env, async (store) => {
    const merchant = await findMerchant({ ...store, mode: env.mode }, id)
    if (!merchant) throw unknownMerchant(id)
    await work({ env, store, merchant: merchant.id })
  })
}

/** Who the audit log says made a change by a command, and when. */
export function byOperator(): AuditedBy {
  return { actor: 'command line', now: Date.now() }
}

/** Words of the form `name=value`, in their order. */
export type Pairs = readonly (readonly [string, string])[]

/** The pairs that these words are. Throws Usage with this text where one is none. */
export function pairsIn(words: readonly string[], usage: string): Pairs {
  return words.map((word) => {
    const sign = word.indexOf('=')
    if (sign < 1) throw new Usage(usage)
    return [word.slice(0, sign), word.slice(sign + 1)]
  })
}

/** Prints one text with a line's end. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** What is thrown when no merchant has this id. */
export function unknownMerchant(id: string): CannotStart {
  return new CannotStart(`there is no merchant ${id}`)
}
