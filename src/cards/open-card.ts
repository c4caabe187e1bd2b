import { generationIn } from '../merchants/data-key.ts'
import { doAudited } from '../merchants/do-audited.ts'
import { NoDataKey } from '../merchants/open-keyring.ts'
import { Refusal } from '../refusal.ts'
import type { CardSecrets } from './card.ts'
import type { CardRoom } from './card-room.ts'
import { isPayable, type StoredCard } from './stored-card.ts'
import { openSealed } from './vault.ts'

/**
 * The secrets of a stored card; that somebody opens it is in the audit log before it is open.
 * Refuses a card that was purged or can't be opened as one that is not there.
 */
export async function openCard(
  room: CardRoom,
  card: StoredCard,
  actor: string,
): Promise<CardSecrets> {
  const { keyring } = room
  const { merchant, reference, sealed } = card
  const generation = sealed && generationIn(sealed)
  if (!generation || !isPayable(card, room.now())) throw new Refusal('card_token_unknown')
  const what = { deed: 'card_opened', subject: reference } as const
  await doAudited(room, { ...what, merchant, at: room.now(), actor }, async () => true)
  const key = await keyring.ofGeneration(merchant, 'cards', generation).catch((error: unknown) => {
    if (error instanceof NoDataKey) throw new Refusal('card_token_unknown')
    throw error
  })
  try {
    return openSealed(key, sealed, card)
  } catch {
    throw new Refusal('card_token_unknown')
  }
}
