import assert from 'node:assert/strict'
import { type Bank, openBank } from '../../bank/bank.ts'
import { addMerchant } from '../../src/add-merchant.ts'
import { openChores } from '../../src/chores/chores.ts'
import type { Chore } from '../../src/chores/work.ts'
import { carryTo, makePerform } from '../../src/gateways/perform.ts'
import { quietWatch } from '../../src/gateways/watch-health.fixture.ts'
import type { MerchantId, OrderId } from '../../src/ids.ts'
import { shardOf } from '../../src/ids.ts'
import { sealProvider } from '../../src/merchants/data-key.ts'
import { defaultSettings, type Merchant, type Mode } from '../../src/merchants/merchant.ts'
import { changeSettings, findMerchant } from '../../src/merchants/merchants.ts'
import { openKeyring } from '../../src/merchants/open-keyring.ts'
import { orphanLeases } from '../../src/payments/duties.ts'
import type { OrderKey } from '../../src/payments/orders.ts'
import { orphanRefunds } from '../../src/payments/refunds.ts'
import type { World } from '../../src/payments/world.ts'
import { makeSeal } from '../../src/seal.ts'
import { randomShortSeal } from '../../src/short-seal.ts'
import type { Line, Post } from '../../src/webhooks/deliver.ts'
import { addEndpoint } from '../../src/webhooks/keep-endpoints.ts'
import type { TestDatabase } from '../databases.ts'
import type { Engine } from '../support.ts'

const merchantId = 'model' as MerchantId
const publicUrl = 'http://model.test'

/** The process died while it asked the gateway. */
export class Crash extends Error {}

/** What a merchant's server was told. */
export interface Told {
  readonly id: string
  readonly event_name: string
  readonly sequence: number
  readonly content: { readonly order: { readonly order_id: string; readonly status: string } }
}

/** Where stories are played: a server's world with one merchant, their server, and a bank. */
export interface Stage {
  readonly engine: Engine['name']
  readonly world: World
  readonly merchant: Merchant
  readonly chores: readonly Chore[]
  /** The bank of the story; its clock is the world's. */
  readonly bank: Bank
  /** What the receiver has acknowledged in this story. */
  readonly told: Told[]
  /** How the server meets its next question to the gateway, and whether the receiver answers. */
  readonly fate: { crash: 'asking' | 'asked' | undefined; up: boolean }
  readonly database: TestDatabase
  /** Begins a story: an order of its own, at a new bank, later than all before. */
  newStory(): Promise<OrderKey>
  /** What a start does after a crash. On PostgreSQL leases just run out. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Stories are played at one card's pace: nothing of them is too soon or too often. */
const unhurried = { ...defaultSettings('sandbox'), resend_cooldown_seconds: 0 }

/** Opens a stage on a fresh database of this engine. */
export async function openStage(engine: Engine, mode: Mode): Promise<Stage> {
  const database = await engine.open()
  const { db } = database
  const bankUrl = `${publicUrl}/bank`
  let real = 1_750_000_000_000
  const newBank = () =>
    openBank({ book: { kind: 'memory' }, seed: 'model', publicUrl: bankUrl, now: () => real })
  let bank = newBank()
  const told: Told[] = []
  const fate: Stage['fate'] = { crash: undefined, up: true }
  const ask = makePerform(carryTo((request) => bank.fetch(request)))
  const seal = makeSeal(Buffer.alloc(32, 7))
  const world: World = {
    db,
    seal,
    shortSeal: randomShortSeal(),
    keyring: openKeyring(db, sealProvider(seal), () => bank.now()),
    perform: async (question, about, access) => {
      const { crash } = fate
      fate.crash = undefined
      if (crash === 'asking') throw new Crash()
      const heard = await ask(question, about, access)
      if (crash === 'asked') throw new Crash()
      return heard
    },
    health: quietWatch(() => bank.now()),
    rulesOf: async () => undefined,
    now: () => bank.now(),
    elapsed: () => real,
    luck: () => 0,
    // Nobody waits in a world where one thing happens at a time; whoever would, sees time pass.
    sleep: async (ms) => {
      real += ms
    },
    mode,
    publicUrl,
    bankUrl,
  }
  const line: Line = {
    mode: 'sandbox',
    now: Date.now,
    resolve: async () => ['127.0.0.1'],
    post: async (post) => receive(post, { told, up: fate.up }),
    after: () => () => {},
    close: () => {},
  }
  await addMerchant(world, { id: merchantId, mode: 'sandbox', at: real })
  const { card_retention } = defaultSettings(mode)
  await db.tx((t) => changeSettings(t, merchantId, { ...unhurried, card_retention }))
  const said = { url: 'https://shop.example/hook', events: [], headers: {} }
  await addEndpoint(world, merchantId, { said, now: real, actor: 'test' })
  const merchant = await findMerchant(world, merchantId)
  assert(merchant)
  let orders = 0
  return {
    engine: engine.name,
    world,
    merchant,
    chores: openChores(world, line),
    get bank() {
      return bank
    },
    told,
    fate,
    database,
    newStory: async () => {
      real = bank.now() + 60_000
      await bank.close()
      bank = newBank()
      told.length = 0
      Object.assign(fate, { crash: undefined, up: true })
      const orderId = `m-${++orders}` as OrderId
      return { shard: shardOf(merchantId, orderId), merchant: merchantId, orderId }
    },
    restart: async () => {
      if (engine.name === 'postgres') return
      await db.tx(async (t) => {
        orphanLeases(t, world.now())
        orphanRefunds(t, world.now())
      })
    },
    close: async () => {
      await bank.close()
      await database.close()
    },
  }
}

function receive(post: Post, to: { told: Told[]; up: boolean }) {
  if (!to.up) throw new Error('the receiver is down')
  const said: Told = JSON.parse(post.body)
  assert.equal(post.headers['webhook-id'], said.id)
  to.told.push(said)
  return { status: 200, answer: 'ok' }
}

/** A call to the bank's desk, or to its acquirer. */
export async function atBank(
  { bank }: Stage,
  method: string,
  path: string,
  body?: object | string,
): Promise<Response> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const response = await bank.fetch(
    new Request(publicUrl + path, { method, ...(text !== undefined && { body: text }) }),
  )
  assert(response.status < 400, `${method} ${path}: ${response.status}`)
  return response
}

/** The bank's book of a story. */
export interface Book {
  readonly payments: readonly {
    readonly id: string
    readonly reference: string
    readonly state: string
    readonly amount: number
    readonly captured: number
    readonly guesses: number
    readonly sends: number
  }[]
  readonly charges: readonly { readonly reference: string; readonly amount: number }[]
  readonly refunds: readonly {
    readonly reference: string
    readonly payment: string
    readonly amount: number
    readonly state: string
  }[]
}

/** What the bank did in this story. */
export async function bookOf(stage: Stage): Promise<Book> {
  return (await (await atBank(stage, 'GET', '/book')).json()) as Book
}
