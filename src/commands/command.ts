import { type Env, readProcessEnv } from '../env.ts'
import { CannotStart, openStore, type Store } from '../open-store.ts'

/** Wrong words on the command line; the help is shown with it. */
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

/** Prints one text with a line's end. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** What is thrown when no merchant has this id. */
export function unknownMerchant(id: string): CannotStart {
  return new CannotStart(`there is no merchant ${id}`)
}
