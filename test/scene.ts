import { setTimeout as sleep } from 'node:timers/promises'
import { readEnv, type Variables } from '../src/env.ts'
import { makePerform, openNetwork } from '../src/gateways/perform.ts'
import { quietWatch } from '../src/gateways/watch-health.fixture.ts'
import { openStore } from '../src/open-store.ts'
import type { World } from '../src/payments/world.ts'
import { type Caller, callerOf } from './caller.ts'
import type { TestDatabase } from './databases.ts'
import { type Engine, run, type Spawned, testVariables } from './support.ts'

/** Servers that are processes of their own, as their bank is, on one database. */
export interface Scene {
  readonly database: TestDatabase
  readonly bankUrl: string
  /** Every server that was started. */
  readonly servers: Spawned[]
  /** Ends all of them, and the bank, and removes the database. */
  readonly close: () => Promise<void>
}

/** An empty database of this engine and a bank, and no server yet. */
export async function setScene(engine: Engine): Promise<Scene> {
  const database = await engine.open()
  const bank = run('bank/main.ts', [], { PORT: '0', DATA_DIR: database.dataDir })
  const [, bankUrl = ''] = await bank.saying(/BANK_URL=(\S+)/)
  const servers: Spawned[] = []
  const close = async () => {
    for (const { child, ended } of [...servers, bank]) {
      child.kill('SIGKILL')
      await ended
    }
    await database.close()
  }
  return { database, bankUrl, servers, close }
}

const key = 'sk_test_scene_scene_scene'

/** The variables of the servers of a scene. */
export function variablesOf({ database, bankUrl }: Scene) {
  const more = { BANK_URL: bankUrl, BANK_BOOK: undefined, DEMO_API_KEY: key }
  return testVariables(database, more)
}

/** Starts a server, and waits until it serves. */
export async function startServer(scene: Scene, more: Variables = {}): Promise<Spawned> {
  const server = run('src/main.ts', ['serve'], { ...variablesOf(scene), ...more })
  scene.servers.push(server)
  await server.saying(/SMS inbox/)
  return server
}

/** The demo merchant's backend, calling this server. */
export function callerAt(server: Spawned): Caller {
  const [, url = ''] = /Base URL +(\S+)/.exec(server.output()) ?? []
  return callerOf({ url, merchant: 'demo', key })
}

/** Works on the scene's database and bank in this process, by a clock of its own. */
export async function inItsWorld(
  scene: Scene,
  now: World['now'],
  work: (world: World) => Promise<void>,
): Promise<void> {
  const read = readEnv(variablesOf(scene))
  if ('wrong' in read) throw new Error(read.wrong.join('\n'))
  const store = await openStore(read.ok)
  const network = openNetwork()
  try {
    await work({
      ...store,
      perform: makePerform(network.carry),
      health: quietWatch(now),
      rulesOf: async () => undefined,
      now,
      elapsed: () => performance.now(),
      luck: () => 0,
      sleep,
      mode: 'sandbox',
      publicUrl: 'http://127.0.0.1',
      bankUrl: scene.bankUrl,
    })
  } finally {
    await network.close()
    await store.db.close()
  }
}
