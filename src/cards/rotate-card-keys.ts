import type { Db } from '../db/db.ts'
import type { MerchantId } from '../ids.ts'
import { type DataKey, newDataKey, wrappedFor } from '../merchants/data-key.ts'
import { insertKey, newestKeys, removeKey, supersededKeys } from '../merchants/data-keys.ts'
import { type Keyring, NoDataKey } from '../merchants/open-keyring.ts'
import { cardsBefore, resealCard, usesGeneration } from './cards.ts'
import type { SealedCard } from './stored-card.ts'
import { sealAnew } from './vault.ts'

/** What the keys of cards are rotated with. */
export interface RotationRoom {
  readonly db: Db
  readonly keyring: Keyring
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Gives every merchant whose newest card key is older than the rotation a next one, and gives the
 * number of those. `since`: when the rotation began, epoch milliseconds.
 */
export async function makeNextKeys(room: RotationRoom, since: number): Promise<number> {
  const { db, keyring, now } = room
  const old = (await newestKeys(db.read, 'cards')).filter(({ createdAt }) => createdAt < since)
  for (const { owner, generation } of old) {
    const next = { owner, purpose: 'cards', generation: generation + 1 } as const
    const wrapped = await keyring.provider.wrap(newDataKey(), wrappedFor(next))
    // A clock that was set back must not make this key look older than the rotation.
    const at = Math.max(now(), since)
    await db.tx(async (t) => insertKey(t, { ...next, wrapped, at }))
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
  const newest = await keyring.renew(merchant, 'cards')
  const { generation } = newest
  const unreadable = new Set<string>()
  let count = 0
  for (;;) {
    const most = cardsPerTx + unreadable.size
    const found = await cardsBefore(db.read, { merchant, generation }, most)
    const cards = found.filter(({ reference }) => !unreadable.has(reference))
    if (cards.length === 0) return { count, unreadable: [...unreadable] }
    const anew: { card: SealedCard; sealed: string }[] = []
    for (const card of cards) {
      const sealed = await sealedUnder(newest, keyring, card)
      if (sealed === undefined) unreadable.add(card.reference)
      else anew.push({ card, sealed })
    }
    const began = performance.now()
    await db.tx(async (t) => {
      for (const { card, sealed } of anew) resealCard(t, card, { sealed, generation })
    })
    count += anew.length
    await sleep(Math.min(longestBreathMs, performance.now() - began))
  }
}

/** A card sealed under another key, or `undefined` when its row is damaged. */
async function sealedUnder(
  newest: DataKey,
  keyring: Keyring,
  card: SealedCard,
): Promise<string | undefined> {
  const from = await keyring
    .ofGeneration(card.merchant, 'cards', card.generation)
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

/** Removes the keys that no card is sealed under any more; gives their number. */
export async function removeOldKeys({ db, now }: RotationRoom): Promise<number> {
  let removed = 0
  for (const key of await supersededKeys(db.read, 'cards', now() - supersededForMs)) {
    const { owner, generation } = key
    removed += await db.tx(async (t) => {
      if (await usesGeneration(t, { merchant: owner as MerchantId, generation })) return 0
      removeKey(t, key)
      return 1
    })
  }
  return removed
}
