import type { Tx } from '../../src/db/db.ts'
import type { GatewayName } from '../../src/gateways/catalog.ts'
import type { Seal } from '../../src/seal.ts'

/** An account to be had at a gateway, or at its stand-in. */
export interface NewAccount {
  readonly merchant: string
  readonly account: string
  readonly fake: {
    readonly gateway: GatewayName
    /** Absent: the gateway's own address. */
    readonly baseUrl?: string
    readonly credentials: Readonly<Record<string, string>>
  }
  /** Epoch milliseconds. */
  readonly at: number
  readonly holds: boolean
}

/** Gives a merchant an account, chosen by its id as its label too. */
export function addAccount(t: Tx, seal: Seal, added: NewAccount): void {
  const { merchant, account, fake, at, holds } = added
  const to = { purpose: 'gateway credentials', owner: `${merchant}/${account}` }
  const credentials = seal.close(JSON.stringify(fake.credentials), to)
  const terms = JSON.stringify({ holds })
  t.put(
    `insert into accounts (merchant, id, gateway, credentials, created_at, label, base_url, terms)
     values ($1, $2, $3, $4, $5, $2, $6, $7)`,
    [merchant, account, fake.gateway, credentials, at, fake.baseUrl ?? null, terms],
  )
}
