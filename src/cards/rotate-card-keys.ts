import type { Db } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import { type DataKey, generationIn, newDataKey, wrappedFor } from '../merchants/data-key.ts'
import {
  insertDataKey,
  newestKey,
  newestKeys,
  removeKey,
  supersededKeys,
} from '../merchants/data-keys.ts'
import { type Keyring, NoDataKey } from '../merchants/open-keyring.ts'
import { cardsNotUnder, namesGeneration, resealCard, usesGeneration } from './cards.ts'
import type { SealedCard } from './stored-card.ts'
import { sealAnew } from './vault.ts'

/** What the keys of cards are rotated with. */
export interface RotationRoom {
  readonly db: Db
  readonly keyring: Keyring
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Gives every merchant whose newest card key is older than the rotation a next one, and gives the
 * number of those. `since`: when the rotation began, epoch milliseconds.
 */
export async function makeNextKeys(room: RotationRoom, since: number): Promise<number> {
  const { db, keyring } = room
  const old = (await newestKeys(db.read, 'cards')).filter(({ createdAt }) => createdAt < since)
  for (const { owner, generation } of old) {
    const next = { owner, purpose: 'cards', generation: generation + 1 } as const
    const wrapped = await keyring.provider.wrap(newDataKey(), wrappedFor(next))
    // A clock that was set back must not make this key look older than the rotation.
    const at = Math.max(keyring.now(), since)
    await db.tx(async (t) => insertDataKey(t, { ...next, wrapped, at }))
  }
  return old.length
}

/** What became of cards that were sealed under older keys. */
export interface Resealed {
  readonly count: number
  /** The references of cards that can't be opened: their rows are damaged, and left as they are. */
  readonly unreadable: readonly string[]
}

/** So many cards are written in a few milliseconds, and payments wait for no more than that. */
const cardsPerTx = 50

/** Whoever waits while a batch is written gets as long a turn as that took, within reason. */
const longestBreathMs = 100

/** Seals every card anew that is not under its merchant's newest key, while others go on paying. */
export async function resealCards(room: RotationRoom): Promise<Resealed> {
  let count = 0
  const unreadable: string[] = []
  for (const { owner } of await newestKeys(room.db.read, 'cards')) {
    const merchant = owner as MerchantId
    const done = await resealCardsOf(room, merchant)
    count += done.count
    unreadable.push(...done.unreadable)
  }
  return { count, unreadable }
}

async function resealCardsOf(room: RotationRoom, merchant: MerchantId): Promise<Resealed> {
  const { db, keyring, sleep } = room
  let newest = await keyring.renew(merchant, 'cards')
  const unreadable = new Set<string>()
  let count = 0
  for (;;) {
    const most = cardsPerTx + unreadable.size
    const { generation } = newest
    const found = await cardsNotUnder(db.read, { merchant, generation }, most)
    const cards = found.filter(({ reference }) => !unreadable.has(reference))
    if (cards.length === 0) return { count, unreadable: [...unreadable] }
    const anew: { card: SealedCard; sealed: string }[] = []
    for (const card of cards) {
      const sealed = await sealedUnder(newest, keyring, card)
      if (sealed === undefined) unreadable.add(card.reference)
      else anew.push({ card, sealed })
    }
    const began = performance.now()
    const isStillNewest = await db.tx(async (t) => {
      if ((await newestKey(t.get, merchant, 'cards'))?.generation !== generation) return false
      for (const { card, sealed } of anew) resealCard(t, card, { sealed, generation })
      return true
    })
    // Another rotation has begun: back under its predecessor's key is the wrong way.
    if (isStillNewest) count += anew.length
    else newest = await keyring.renew(merchant, 'cards')
    await sleep(Math.min(longestBreathMs, performance.now() - began))
  }
}

/** A card sealed under another key, or `undefined` when no key opens it as its text says. */
async function sealedUnder(
  newest: DataKey,
  keyring: Keyring,
  card: SealedCard,
): Promise<string | undefined> {
  const generation = generationIn(card.sealed)
  if (generation === undefined) return undefined
  const from = await keyring
    .ofGeneration(card.merchant, 'cards', generation)
    .catch((error: unknown) => {
      if (!(error instanceof NoDataKey)) throw error
    })
  if (!from) return undefined
  try {
    return sealAnew(from, newest, card.sealed, card)
  } catch {
    return undefined
  }
}

/** A transaction that stores a card under a key that is just being replaced is over long before. */
const supersededForMs = 10 * 60_000

/** Removes the keys that no card's row or sealed text names any more; gives their number. */
export async function removeOldKeys({
  db,
  keyring,
}: Pick<RotationRoom, 'db' | 'keyring'>): Promise<number> {
  let removed = 0
  for (const key of await supersededKeys(db.read, 'cards', keyring.now() - supersededForMs)) {
    const name = { merchant: key.owner as MerchantId, generation: key.generation }
    if (await namesGeneration(db.read, name)) continue
    removed += await db.tx(async (t) => {
      if (await usesGeneration(t.get, name)) return 0
      removeKey(t, key)
      return 1
    })
  }
  return removed
}
