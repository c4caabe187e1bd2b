import { createHmac } from 'node:crypto'
import type { MerchantId } from '../ids.ts'
import type { DataKey } from './data-key.ts'

/** What the audit log tells of: who opened a card, and every change to keys and settings. */
export type AuditDeed =
  | 'card_opened'
  | 'card_stored'
  | 'card_deleted'
  | 'card_purged'
  | 'merchant_added'
  | 'settings_changed'
  | 'api_key_created'
  | 'api_key_revoked'
  | 'response_key_set'
  | 'jwt_key_added'
  | 'jwt_key_revoked'
  | 'webhook_added'
  | 'webhook_removed'
  | 'webhook_rotated'
  | 'webhook_enabled'
  | 'account_added'
  | 'account_changed'
  | 'account_disabled'
  | 'account_enabled'
  | 'keys_rotated'
  | 'log_began'
  | 'bins_imported'
  | 'routing_rules_set'

/** Whose log an entry is in: a merchant's, or '' for what concerns the server as a whole. */
export type AuditOwner = MerchantId | ''

/** Something that was done, as it is to be written down. Never holds a secret or a card number. */
export interface AuditDone {
  readonly merchant: AuditOwner
  /** Epoch milliseconds. */
  readonly at: number
  /**
   * Who did it: `key <id>`, `jwt key <kid>`, `client token`, `payment <id>`, `command line`,
   * `clock`.
   */
  readonly actor: string
  readonly deed: AuditDeed
  /** What it was done to: a card reference and request id, a key's id, names of settings. */
  readonly subject: string
}

/** An entry of the log; the MAC chains it to the one before. */
export interface AuditEntry extends AuditDone {
  readonly seq: number
  readonly mac: string
}

/**
 * What a log's head keeps of its last entry ('' before the first). It can't be made from the entry
 * without the key, so whoever cuts a log can't make its head fit.
 */
export function headMacOf(key: DataKey, mac: string): string {
  if (mac === '') return ''
  return createHmac('sha256', key.key)
    .update(JSON.stringify(['head', mac]))
    .digest('hex')
}

/** The MAC of an entry: over all it says and the head that the one before it has left. */
export function macOf(key: DataKey, previous: string, entry: Omit<AuditEntry, 'mac'>): string {
  const { merchant, seq, at, actor, deed, subject } = entry
  return createHmac('sha256', key.key)
    .update(JSON.stringify([previous, merchant, seq, at, actor, deed, subject]))
    .digest('hex')
}
