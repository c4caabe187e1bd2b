import { appendAudit } from '../merchants/audit-entries.ts'
import { auditKeyOf } from '../merchants/audited.ts'
import { forgetMost } from './card.ts'
import type { CardRoom } from './card-room.ts'
import { cardsToPurge, purgeCard } from './cards.ts'

/** So many cards go in a few milliseconds each; what is left goes in the next pass. */
const mostPerPass = 100

/**
 * Removes number, expiry, name and BIN of cards that may be kept no longer, and writes each into
 * the audit log. Gives the number of cards that were due, 0 at the end.
 */
export async function purgeCards({ db, keyring, now }: Omit<CardRoom, 'shortSeal'>) {
  const due = await cardsToPurge(db.read, now(), mostPerPass)
  const key = await auditKeyOf(keyring)
  for (const card of due) {
    const { merchant, reference: subject } = card
    await db.tx(async (t) => {
      if (!(await purgeCard(t, card, forgetMost(card.facts)))) return
      await appendAudit(t, key, {
        merchant,
        at: now(),
        actor: 'clock',
        deed: 'card_purged',
        subject,
      })
    })
  }
  return due.length
}
