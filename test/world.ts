import assert from 'node:assert/strict'
import { addMerchant } from '../src/add-merchant.ts'
import { readCard } from '../src/cards/card.ts'
import { openChores } from '../src/chores/chores.ts'
import type { RefundVerdict, Verdict } from '../src/gateways/gateway.ts'
import { quietWatch } from '../src/gateways/watch-health.fixture.ts'
import type { MerchantId, OrderId } from '../src/ids.ts'
import { sealProvider } from '../src/merchants/data-key.ts'
import { defaultSettings, type Merchant, type Mode } from '../src/merchants/merchant.ts'
import { openKeyring } from '../src/merchants/open-keyring.ts'
import { paise } from '../src/money.ts'
import { createOrder } from '../src/payments/create-order.ts'
import type { By } from '../src/payments/events.ts'
import type { Start } from '../src/payments/pay.ts'
import type { World } from '../src/payments/world.ts'
import { makeSeal } from '../src/seal.ts'
import { randomShortSeal } from '../src/short-seal.ts'
import type { Line } from '../src/webhooks/deliver.ts'
import type { TestDatabase } from './databases.ts'
import type { Engine } from './support.ts'

type Said = Verdict | RefundVerdict

/** A world whose gateway says what a test scripts, and whose clock a test moves. */
export interface ScriptedWorld {
  readonly world: World
  readonly merchant: Merchant
  readonly database: TestDatabase
  /** What the gateway will say, one after another; asking more is a failure. */
  readonly script: (Said | (() => Promise<Said>))[]
  readonly clock: { now: number }
  readonly kinds: (orderId: string) => Promise<string[]>
}

/** Who does things in tests. */
export const by: By = { door: 'api', requestId: 'req_test' }

/** Opens a world of one merchant, `demo`, on a fresh database. */
export async function openWorld(engine: Engine, mode: Mode = 'sandbox'): Promise<ScriptedWorld> {
  const database = await engine.open()
  const script: ScriptedWorld['script'] = []
  const clock = { now: Date.UTC(2026, 10, 22, 10) }
  let real = 0
  const seal = makeSeal(Buffer.alloc(32, 7))
  const world: World = {
    db: database.db,
    seal,
    shortSeal: randomShortSeal(),
    keyring: openKeyring(database.db, sealProvider(seal), () => clock.now),
    mode,
    publicUrl: 'http://pay.example',
    bankUrl: 'http://bank.example',
    now: () => clock.now,
    elapsed: () => real,
    luck: () => 0,
    sleep: async (ms) => {
      real += ms
    },
    health: quietWatch(() => clock.now),
    rulesOf: async () => undefined,
    perform: async <_P, V>() => {
      const said = script.shift()
      assert(said, 'the gateway was asked once too often')
      const verdict = (typeof said === 'function' ? await said() : said) as V
      return { verdict, calls: [], tookMs: 0 }
    },
  }
  const id = 'demo' as MerchantId
  await addMerchant({ db: database.db, seal }, { id, mode: 'sandbox', at: clock.now })
  const kinds = async (orderId: string) => {
    const sql = 'select kind from events where order_id = $1 order by seq'
    return (await database.db.read(sql, [orderId])).map((row) => String(row['kind']))
  }
  return {
    world,
    merchant: { id, settings: defaultSettings(mode) },
    database,
    script,
    clock,
    kinds,
  }
}

/** A line that nothing leaves by. */
export const deadLine: Line = {
  mode: 'sandbox',
  now: Date.now,
  resolve: async () => [],
  post: () => assert.fail('nothing is posted'),
  after: () => () => {},
  close: () => {},
}

/** One pass of all chores, one kind after another; gives the number of rows done. */
export async function workOnce(
  world: World,
  onError: (error: unknown) => void,
  line: Line = deadLine,
): Promise<number> {
  let done = 0
  for (const { once, settled } of openChores(world, line)) {
    done += await once(onError)
    await settled()
  }
  return done
}

/** Creates an order of ₹100. */
export async function anOrder({ world, merchant }: ScriptedWorld, id: string) {
  const order = { orderId: id as OrderId, amount: paise(10_000), currency: 'INR', fields: {} }
  return createOrder(world, merchant, { order, ifDifferent: 'refuse', by })
}

/** A wish to pay an order with the documented test card. */
export function aStart({ world }: ScriptedWorld, id: string, auth: Start['auth'] = 'OTP'): Start {
  const card = {
    number: '4242424242424242',
    expiryMonth: '11',
    expiryYear: '27',
    cvv: '123',
    name: 'Asha',
  }
  const how = { mode: 'sandbox', checks: 'strict', now: world.now() } as const
  const entered = { kind: 'entered', ...readCard(card, how) } as const
  const wish = {}
  return { orderId: id as OrderId, card: entered, save: false, auth, wish, by, actor: 'test' }
}
