import { errorView } from '../api/log.ts'
import { openChores } from '../chores/chores.ts'
import type { Chore } from '../chores/work.ts'
import type { Env } from '../env.ts'
import { CannotStart, takeDataDir } from '../open-store.ts'
import { openWorld } from '../open-world.ts'
import { environment, say, Usage } from './command.ts'

/**
 * `chores --once`: one pass of everything that a server does by itself. A chore that failed is told
 * on stderr, without what its error quotes, and the program ends with 1. Throws Usage and
 * CannotStart.
 */
export async function chores(words: readonly string[]): Promise<void> {
  if (words.join(' ') !== '--once') throw new Usage('chores --once')
  const env = environment()
  if (env.sandbox?.bankBook === 'memory' && !env.sandbox.bankUrl) {
    throw new CannotStart("BANK_BOOK is memory: only the server itself knows that bank's payments")
  }
  const { world, line, close } = await openWorld(env, { port: env.port, unlock: takeFolder(env) })
  try {
    for (const chore of openChores(world, line)) await doAll(chore)
  } finally {
    await close()
  }
}

/** Of one kind there is hardly more to do than this; what is left is done the next time. */
const mostPasses = 1_000

/** Pass by pass, until nothing is due any more. */
async function doAll({ name, once, settled }: Chore): Promise<void> {
  let failed = false
  const hear = (error: unknown) => {
    failed = true
    process.exitCode = 1
    process.stderr.write(`${name} failed: ${JSON.stringify(errorView(error))}\n`)
  }
  let done = 0
  try {
    for (let pass = 0; pass < mostPasses && !failed; pass++) {
      const begun = await once(hear)
      await settled()
      done += begun
      if (begun === 0) break
    }
  } catch (error) {
    hear(error)
  }
  say(`${name}: ${done} done`)
}

function takeFolder(env: Env): (() => void) | undefined {
  try {
    return takeDataDir(env)
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error
    throw new CannotStart(`${error.message}, which does its chores by itself`)
  }
}
