import type { Db } from '../db/db.ts'
import type { Keyring } from '../merchants/open-keyring.ts'
import type { ShortSeal } from '../short-seal.ts'

/** What the deeds of this room need from outside. */
export interface CardRoom {
  readonly db: Db
  readonly keyring: Keyring
  readonly shortSeal: ShortSeal
  readonly now: () => number
}
