import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bank } from '../bank/bank.ts'
import { type Env, publicUrlAt, type Sandbox } from './env.ts'
import { openRules } from './gateways/keep-rules.ts'
import { type Carry, carryTo, makePerform, openNetwork } from './gateways/perform.ts'
import { openWatch } from './gateways/watch-health.ts'
import { openStore, type Store } from './open-store.ts'
import { orphanLeases } from './payments/duties.ts'
import { orphanRefunds } from './payments/refunds.ts'
import type { World } from './payments/world.ts'
import { type Line, openLine } from './webhooks/deliver.ts'

/** Everything the deeds need, opened. */
export interface OpenWorld {
  readonly world: World
  /** The way to merchants' servers. */
  readonly line: Line
  readonly store: Store
  /** The simulated bank, where it runs in this process. */
  readonly bank: Bank | undefined
  readonly close: () => Promise<void>
}

/** Where a world stands. */
export interface Place {
  /** The port that links name. */
  readonly port: number
  /** Lets go of the data folder; `undefined` where others use the database too. */
  readonly unlock: (() => void) | undefined
}

/** Opens the database and the bank that the environment names. Throws `CannotStart`. */
export async function openWorld(env: Env, { port, unlock }: Place): Promise<OpenWorld> {
  const store = await openStore(env)
  const publicUrl = env.publicUrl ?? publicUrlAt(env.host, port)
  const inside = env.sandbox && !env.sandbox.bankUrl ? env.sandbox : undefined
  const bank = inside && (await openBankInside(env, inside, publicUrl))
  const bankUrl = env.sandbox?.bankUrl ?? `${publicUrl}/bank`
  const network = openNetwork()
  const now = bank ? () => bank.now() : Date.now
  const world: World = {
    ...store,
    publicUrl,
    bankUrl,
    mode: env.mode,
    health: openWatch(store.db, now),
    rulesOf: openRules(store.db),
    perform: makePerform(bank ? besideBank(network.carry, bank, bankUrl) : network.carry),
    now,
    elapsed: () => performance.now(),
    luck: Math.random,
    sleep: (ms) => sleep(ms),
  }
  // Nobody else uses an embedded database, so every question under way in it is a dead process's.
  if (unlock) {
    await store.db.tx(async (t) => {
      orphanLeases(t, world.now())
      orphanRefunds(t, world.now())
    })
  }
  const line = openLine(env.mode)
  return {
    world,
    line,
    store,
    bank,
    close: async () => {
      line.close()
      await network.close()
      await store.db.close()
      await bank?.close()
      unlock?.()
    },
  }
}

/** What is for the bank in this process goes there, and all else to the network. */
function besideBank(network: Carry, bank: Bank, bankUrl: string): Carry {
  const inside = carryTo((request) => bank.fetch(request))
  return (outgoing) => (outgoing.url.startsWith(`${bankUrl}/`) ? inside : network)(outgoing)
}

async function openBankInside(env: Env, sandbox: Sandbox, publicUrl: string): Promise<Bank> {
  // Loaded only here: in live mode the simulated bank is not even in memory.
  const { openBank } = await import('../bank/bank.ts')
  return openBank({
    book:
      sandbox.bankBook === 'memory'
        ? { kind: 'memory' }
        : { kind: 'file', path: join(env.dataDir, 'bank.db') },
    publicUrl: `${publicUrl}/bank`,
  })
}
