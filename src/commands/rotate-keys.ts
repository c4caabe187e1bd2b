import { setTimeout as sleep } from 'node:timers/promises'
import {
  makeNextKeys,
  type Resealed,
  type RotationRoom,
  removeOldKeys,
  resealCards,
} from '../cards/rotate-card-keys.ts'
import { dropFact, replaceFact, settleFact } from '../db/facts.ts'
import { outliveTxs } from '../db/outlive-txs.ts'
import type { Env } from '../env.ts'
import { doAudited } from '../merchants/do-audited.ts'
import { rewrapKeys } from '../merchants/rewrap-keys.ts'
import { CannotStart, type Store, secretsNotUnder, wrapsOutside } from '../open-store.ts'
import { type Seal, type SealedFor, sealedUnder } from '../seal.ts'
import { byOperator, say } from './command.ts'

/** A rotation that was begun is gone on with, not begun anew, until this fact is dropped. */
const underWay = 'rotation'

/**
 * `keys rotate`: brings everything under the first master key and every card under a new data key,
 * beside running servers. Killed, it goes on when it is run again.
 */
export async function rotate(store: Store, env: Env): Promise<void> {
  const room: RotationRoom = { ...store, sleep: (ms) => sleep(ms) }
  const since = await settleFact(store.db, underWay, String(Date.now()))
  say(`Rotation of ${new Date(Number(since)).toISOString()}`)
  say(`${await makeNextKeys(room, Number(since))} merchants have a new key for cards`)
  const first = await resealCards(room)
  await outliveTxs(room)
  const late = await resealCards(room)
  say(`${first.count + late.count} cards sealed anew`)
  say(`${await removeOldKeys(room)} old keys of cards removed`)
  // Which key an operator's module wraps with is its own affair: it wraps all of them again.
  const isCurrent = (text: string) =>
    !wrapsOutside(env) && text.startsWith(sealedUnder(store.seal.keyId))
  say(`${await rewrapKeys(store, isCurrent)} data keys wrapped anew`)
  say(`${await sealSecretsAnew(store)} secrets sealed anew`)
  tellUnreadable(late)
  await finish(store, since)
  say(`Done. Keep the old master keys in MASTER_KEY for an hour more.`)
}

/** Goes on until none is left under another master key; gives their number. */
async function sealSecretsAnew({ db, seal }: Store): Promise<number> {
  let count = 0
  for (;;) {
    const rows = await secretsNotUnder(seal.keyId, db)
    if (rows.length === 0) return count
    for (const { sealed, to, replace } of rows) {
      const anew = seal.close(opened(seal, sealed, to), to)
      await db.tx(async (t) => replace(t, anew))
    }
    count += rows.length
  }
}

function opened(seal: Seal, sealed: string, to: SealedFor): string {
  try {
    return seal.open(sealed, to)
  } catch {
    throw new CannotStart(`the ${to.purpose} of ${to.owner} is damaged; give it anew or remove it`)
  }
}

function tellUnreadable({ unreadable }: Resealed): void {
  for (const reference of unreadable) {
    process.stderr.write(`the card ${reference} can't be opened: its row is damaged\n`)
    process.exitCode = 1
  }
}

async function finish(store: Store, since: string): Promise<void> {
  const { db, seal } = store
  const before = await settleFact(db, 'master key', seal.keyId)
  const { now: at, actor } = byOperator()
  const subject = `master key ${seal.keyId}`
  const done = { merchant: '', at, actor, deed: 'keys_rotated', subject } as const
  await doAudited(store, done, async (t) => {
    replaceFact(t, 'master key', { from: before, to: seal.keyId })
    dropFact(t, underWay, since)
    return true
  })
}
