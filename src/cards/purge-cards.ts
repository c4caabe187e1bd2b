import { appendAudit } from '../merchants/audit-entries.ts'
import { auditKeyOf } from '../merchants/do-audited.ts'
import { type CardFacts, forgetMost } from './card.ts'
import type { CardRoom } from './card-room.ts'
import { cardsToPurge, purgeCard } from './cards.ts'
import type { DueCard } from './stored-card.ts'

/** So many cards go in a few milliseconds each; what is left goes in the next pass. */
const mostPerPass = 100

/**
 * Removes number, expiry, name, nickname and BIN of cards that may be kept no longer, and writes
 * each into the audit log. Gives the number of cards that were due, 0 at the end.
 */
export async function purgeCards({ db, keyring, now }: Omit<CardRoom, 'shortSeal'>) {
  const due = await cardsToPurge(db.read, now(), mostPerPass)
  const key = await auditKeyOf(keyring)
  for (const card of due) {
    const { merchant, reference: subject } = card
    await db.tx(async (t) => {
      if (!(await purgeCard(t, card, keptFacts(card)))) return
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

/** The facts of a card of which nothing is known. */
const nothing = {
  lastFour: '',
  brand: '',
  bin: '',
  expiryMonth: '',
  expiryYear: '',
  name: '',
  bank: '',
  bankCode: '',
  type: '',
  subType: '',
  country: '',
}

/** What may be kept of a card's facts, as JSON; of damaged ones nothing but the fingerprint. */
function keptFacts({ facts, fingerprint }: DueCard): string {
  return JSON.stringify({ ...nothing, fingerprint, ...readable(facts) })
}

function readable(facts: string): Partial<CardFacts> {
  try {
    return forgetMost(JSON.parse(facts))
  } catch {
    return {}
  }
}
