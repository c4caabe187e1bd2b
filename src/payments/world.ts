import type { Now } from '../clock.ts'
import type { Db } from '../db/db.ts'
import type { Perform } from '../gateways/perform.ts'
import type { Rules } from '../gateways/rule.ts'
import type { HealthWatch } from '../gateways/watch-health.ts'
import type { MerchantId } from '../ids.ts'
import type { Mode } from '../merchants/merchant.ts'
import type { Keyring } from '../merchants/open-keyring.ts'
import type { Seal } from '../seal.ts'
import type { ShortSeal } from '../short-seal.ts'

/** What the deeds of this room need from outside: `app.ts` hands it over, or a test. */
export interface World {
  readonly db: Db
  readonly seal: Seal
  /** Seals what lives for minutes only. */
  readonly shortSeal: ShortSeal
  /** The data keys of merchants. */
  readonly keyring: Keyring
  readonly perform: Perform
  /** How gateways have done of late. */
  readonly health: HealthWatch
  /** A merchant's own rules of routing, as they are now. */
  readonly rulesOf: (merchant: MerchantId) => Promise<Rules | undefined>
  readonly now: Now
  /** Milliseconds of real time since any fixed moment; no clock that is set touches it. */
  readonly elapsed: () => number
  /** A number in [0, 1), for spreading crowds. */
  readonly luck: () => number
  /** Resolves after so many milliseconds of real time. */
  readonly sleep: (ms: number) => Promise<void>
  readonly mode: Mode
  /** The base of every link we give out, without a final slash. */
  readonly publicUrl: string
  /** The base URL of the simulated bank's API. */
  readonly bankUrl: string
}
