import type { Db, Row, Tx } from '../db/db.ts'
import type { CardToken, MerchantId, Shard } from '../ids.ts'
import { keyIdOf } from '../merchants/data-key.ts'
import { newestKey } from '../merchants/data-keys.ts'
import { sealedUnder } from '../seal.ts'
import type { DueCard, SealedCard, StoredCard, StoredCardKey } from './stored-card.ts'

/** Names a customer's cards. */
export interface CustomerCards {
  readonly shard: Shard
  readonly merchant: MerchantId
  /** The customer, as the merchant names them. */
  readonly customer: string
}

const columns = `shard, merchant, customer, token, reference, facts, nickname, sealed, generation,
  purge_at, created_at`

/**
 * Stores a card, or freshens the one of the same token; a nickname of '' leaves the one it has.
 * `undefined`, and nothing written, when the merchant has a newer data key than it is sealed under,
 * or the customer has the same card under another token.
 */
export async function insertCard(t: Tx, card: StoredCard): Promise<StoredCard | undefined> {
  const newest = await newestKey(t.get, card.merchant, 'cards')
  if (newest?.generation !== card.generation) return undefined
  const [row] = await t.get(
    `insert into cards (shard, merchant, customer, token, reference, fingerprint, facts, nickname,
       sealed, generation, purge_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (shard, merchant, customer, fingerprint) do update
     set facts = excluded.facts, sealed = excluded.sealed, generation = excluded.generation,
       purge_at = excluded.purge_at,
       nickname = case when excluded.nickname = '' then cards.nickname else excluded.nickname end
     where cards.token = excluded.token
     returning ${columns}`,
    [
      card.shard,
      card.merchant,
      card.customer,
      card.token,
      card.reference,
      card.facts.fingerprint,
      JSON.stringify(card.facts),
      card.nickname,
      card.sealed ?? null,
      card.generation,
      card.purgeAt ?? null,
      card.createdAt,
    ],
  )
  return row && cardFrom(row)
}

/** A stored card by its token, or `undefined`; it may have been purged. */
export async function findCard(
  get: Db['read'],
  key: StoredCardKey,
): Promise<StoredCard | undefined> {
  const [row] = await get(
    `select ${columns} from cards where shard = $1 and merchant = $2 and token = $3`,
    [key.shard, key.merchant, key.token],
  )
  return row && cardFrom(row)
}

/** A customer's card by its number's fingerprint, or `undefined`; it may have been purged. */
export async function findSameCard(
  get: Db['read'],
  { shard, merchant, customer }: CustomerCards,
  fingerprint: string,
): Promise<StoredCard | undefined> {
  const [row] = await get(
    `select ${columns} from cards
     where shard = $1 and merchant = $2 and customer = $3 and fingerprint = $4`,
    [shard, merchant, customer, fingerprint],
  )
  return row && cardFrom(row)
}

/** The cards of a customer that were not purged, the newest first, 100 at most. */
export async function cardsOf(
  get: Db['read'],
  { shard, merchant, customer }: CustomerCards,
): Promise<StoredCard[]> {
  const rows = await get(
    `select ${columns} from cards
     where shard = $1 and merchant = $2 and customer = $3 and sealed is not null
     order by created_at desc limit 100`,
    [shard, merchant, customer],
  )
  return rows.map(cardFrom)
}

/** Gives a card another nickname; the card as it is then, or `undefined` when there is none. */
export async function renameCard(
  t: Tx,
  key: StoredCardKey,
  nickname: string,
): Promise<StoredCard | undefined> {
  const [row] = await t.get(
    `update cards set nickname = $4
     where shard = $1 and merchant = $2 and token = $3 returning ${columns}`,
    [key.shard, key.merchant, key.token, nickname],
  )
  return row && cardFrom(row)
}

/** Removes a card with all that was kept of it; the card as it was, or `undefined`. */
export async function deleteCard(t: Tx, key: StoredCardKey): Promise<StoredCard | undefined> {
  const [row] = await t.get(
    `delete from cards where shard = $1 and merchant = $2 and token = $3 returning ${columns}`,
    [key.shard, key.merchant, key.token],
  )
  return row && cardFrom(row)
}

/** One generation of a merchant's data key for cards. */
export interface CardKeyName {
  readonly merchant: MerchantId
  readonly generation: number
}

/**
 * Some cards of a merchant whose row or sealed text names another key than of this generation: by
 * the row first, for that has an index, and by the texts when there are no more of those.
 */
export async function cardsNotUnder(
  get: Db['read'],
  { merchant, generation }: CardKeyName,
  most: number,
): Promise<SealedCard[]> {
  const byRow = await get(
    `select shard, merchant, customer, token, reference, sealed, generation from cards
     where merchant = $1 and (generation < $2 or generation > $2) and sealed is not null limit $3`,
    [merchant, generation, most],
  )
  if (byRow.length > 0) return byRow.map(sealedFrom)
  const byText = await get(
    `select shard, merchant, customer, token, reference, sealed, generation from cards
     where merchant = $1 and generation = $2 and substr(sealed, 1, length($3)) <> $3 limit $4`,
    [merchant, generation, sealedUnder(keyIdOf(generation)), most],
  )
  return byText.map(sealedFrom)
}

/** Whether the row of any card says that it is sealed under this key. */
export async function usesGeneration(
  get: Db['read'],
  { merchant, generation }: CardKeyName,
): Promise<boolean> {
  const rows = await get(
    `select token from cards
     where merchant = $1 and generation = $2 and sealed is not null limit 1`,
    [merchant, generation],
  )
  return rows.length > 0
}

/** Whether any sealed text says so. No index helps: it reads all cards of the merchant. */
export async function namesGeneration(
  get: Db['read'],
  { merchant, generation }: CardKeyName,
): Promise<boolean> {
  const rows = await get(
    `select token from cards
     where merchant = $1 and substr(sealed, 1, length($2)) = $2 limit 1`,
    [merchant, sealedUnder(keyIdOf(generation))],
  )
  return rows.length > 0
}

/** Puts the same card sealed under a newer key in place of the old, if it still is as it was. */
export function resealCard(
  t: Tx,
  card: SealedCard,
  to: { readonly sealed: string; readonly generation: number },
): void {
  t.put(
    `update cards set sealed = $4, generation = $5
     where shard = $1 and merchant = $2 and token = $3 and generation = $6 and sealed = $7`,
    [card.shard, card.merchant, card.token, to.sealed, to.generation, card.generation, card.sealed],
  )
}

/** Some cards that are to be purged by now, whoever they belong to. */
export async function cardsToPurge(get: Db['read'], now: number, most: number): Promise<DueCard[]> {
  const rows = await get(
    `select shard, merchant, token, reference, fingerprint, facts, purge_at from cards
     where purge_at <= $1 order by purge_at limit $2`,
    [now, most],
  )
  return rows.map((row) => ({
    ...keyFrom(row),
    reference: String(row['reference']),
    fingerprint: String(row['fingerprint']),
    facts: String(row['facts']),
    purgeAt: Number(row['purge_at']),
  }))
}

/**
 * Removes what is sealed of a card, and its nickname, which may be anything that a person typed,
 * and keeps these facts, as JSON; `false`, and nothing done, when the card was stored anew or
 * removed meanwhile.
 */
export async function purgeCard(t: Tx, card: DueCard, facts: string): Promise<boolean> {
  const rows = await t.get(
    `update cards set sealed = null, purge_at = null, nickname = '', facts = $4
     where shard = $1 and merchant = $2 and token = $3 and purge_at = $5 returning token`,
    [card.shard, card.merchant, card.token, facts, card.purgeAt],
  )
  return rows.length > 0
}

function keyFrom(row: Row): StoredCardKey {
  return {
    shard: Number(row['shard']) as Shard,
    merchant: row['merchant'] as MerchantId,
    token: row['token'] as CardToken,
  }
}

function sealedFrom(row: Row): SealedCard {
  return {
    ...keyFrom(row),
    customer: String(row['customer']),
    reference: String(row['reference']),
    sealed: String(row['sealed']),
    generation: Number(row['generation']),
  }
}

function cardFrom(row: Row): StoredCard {
  return {
    ...keyFrom(row),
    customer: String(row['customer']),
    reference: String(row['reference']),
    facts: JSON.parse(String(row['facts'])),
    nickname: String(row['nickname']),
    ...(row['sealed'] !== null && { sealed: String(row['sealed']) }),
    generation: Number(row['generation']),
    ...(row['purge_at'] !== null && { purgeAt: Number(row['purge_at']) }),
    createdAt: Number(row['created_at']),
  }
}
