import { errorView } from '../api/log.ts'
import { type Chores, openChores } from '../chores/chores.ts'
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
    await passOnce(openChores(world, line))
  } finally {
    await close()
  }
}

async function passOnce({ all, settled }: Chores): Promise<void> {
  for (const { name, once } of all) {
    const hear = (error: unknown) => {
      process.exitCode = 1
      process.stderr.write(`${name} failed: ${JSON.stringify(errorView(error))}\n`)
    }
    try {
      say(`${name}: ${await once(hear)} done`)
    } catch (error) {
      hear(error)
    }
  }
  await settled()
}

function takeFolder(env: Env): (() => void) | undefined {
  try {
    return takeDataDir(env)
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error
    throw new CannotStart(`${error.message}, which does its chores by itself`)
  }
}
