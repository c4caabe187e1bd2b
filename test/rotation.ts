import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { addMerchant } from '../src/add-merchant.ts'
import { type CardFacts, factsOf } from '../src/cards/card.ts'
import { insertCard } from '../src/cards/cards.ts'
import { removeOldKeys } from '../src/cards/rotate-card-keys.ts'
import { openSealed, sealCard } from '../src/cards/vault.ts'
import { readEnv } from '../src/env.ts'
import {
  type CardToken,
  type JwtKeyId,
  type MerchantId,
  newCardReference,
  newCardToken,
  shardOf,
} from '../src/ids.ts'
import { auditEntries, auditLogs } from '../src/merchants/audit-entries.ts'
import { type DataKey, wrappedFor } from '../src/merchants/data-key.ts'
import { allKeys } from '../src/merchants/data-keys.ts'
import { insertJwtKey } from '../src/merchants/jwt-keys.ts'
import { verifyAudit } from '../src/merchants/verify-audit.ts'
import { openStore, type Store, secretsNotUnder } from '../src/open-store.ts'
import { makeSeal } from '../src/seal.ts'
import { Secret } from '../src/secret.ts'
import { addEndpoint } from '../src/webhooks/keep-endpoints.ts'
import { type Scene, setScene, variablesOf } from './scene.ts'
import { type Bought, checkBook, openShop, type Shopping } from './shopping.ts'
import { type Engine, run, type Spawned } from './support.ts'

/** How much a rotation is made to bear. */
export interface Ordeal {
  readonly engine: Engine
  readonly cards: number
  readonly paymentsPerSecond: number
  /** How often the rotating process is killed, evenly over the first third of the cards. */
  readonly kills: number
  /** Before which of these the server is killed too, 0 for the first. */
  readonly serverKills: readonly number[]
  /** Payments go on for so long at least, in milliseconds. */
  readonly atLeastMs: number
}

/** What came of it; times in milliseconds. */
export interface Survived {
  readonly rotationMs: number
  readonly payments: number
  readonly p50: number
  readonly p99: number
  readonly longest: number
  /** Of these the first answer was lost with the server. */
  readonly interrupted: number
}

/** The master key that test servers have, and the one that comes after it. */
const [oldMaster, newMaster] = ['ab'.repeat(32), 'cd'.repeat(32)]
const shops = ['demo', 'mall', 'kiosk'] as MerchantId[]

/**
 * Rotates the keys of stored cards, kill after kill, beside a server that takes payments, and
 * checks all that a rotation promises.
 */
export async function endure(ordeal: Ordeal): Promise<Survived> {
  const scene = await setScene(ordeal.engine)
  try {
    const stored = await fill(scene, ordeal.cards)
    const shopping = await openShop(scene, {
      perSecond: ordeal.paymentsPerSecond,
      more: { MASTER_KEY: `${newMaster},${oldMaster}` },
      tokens: stored.tokens,
    })
    const began = performance.now()
    await rotateWithKills(scene, shopping, ordeal)
    const rotationMs = performance.now() - began
    await sleep(Math.max(0, ordeal.atLeastMs - rotationMs))
    const bought = await shopping.close()
    await checkBook(scene, bought)
    await checkKeys(scene, stored, bought)
    const times = bought.map(({ ms }) => ms).sort((a, b) => a - b)
    return {
      rotationMs,
      payments: bought.length,
      p50: times[Math.floor(times.length * 0.5)] ?? 0,
      p99: times[Math.floor(times.length * 0.99)] ?? 0,
      longest: times.at(-1) ?? 0,
      interrupted: bought.filter(({ interrupted }) => interrupted).length,
    }
  } finally {
    await scene.close()
  }
}

function storeUnder(scene: Scene, masterKeys: string): Promise<Store> {
  const read = readEnv({ ...variablesOf(scene), MASTER_KEY: masterKeys })
  assert('ok' in read)
  return openStore(read.ok)
}

/** What was stored before the rotation. */
interface Stored {
  readonly numbers: ReadonlyMap<string, string>
  /** The tokens that shoppers pay with, by customer. */
  readonly tokens: readonly string[]
  readonly oldKeys: readonly DataKey[]
}

const cardsPerTx = 200

/** The documented test card, which shoppers pay with. */
const testNumber = '4242424242424242'

/** Customers of the first shop who have it stored, and pay with its token. */
const regulars = 40

async function fill(scene: Scene, count: number): Promise<Stored> {
  const store = await storeUnder(scene, oldMaster)
  const { db, seal, keyring } = store
  const now = Date.now()
  const numbers = new Map<string, string>()
  const tokens: string[] = []
  const oldKeys: DataKey[] = []
  for (const id of shops) {
    await addMerchant(store, { id, mode: 'sandbox', at: now })
    const said = { url: 'http://127.0.0.1:9/', events: ['TXN_CHARGED'], headers: {} } as const
    await addEndpoint(store, id, { said, now, actor: 'test' })
    const privateKey = new Secret('private')
    const jwt = { merchant: id, kid: `key_${id}` as JwtKeyId, publicKey: '', privateKey }
    await db.tx((t) => insertJwtKey(t, seal, { ...jwt, createdAt: now }))
    oldKeys.push(await keyring.current(id, 'cards'))
  }
  for (let from = 0; from < count; from += cardsPerTx) {
    const cards = Array.from({ length: Math.min(cardsPerTx, count - from) }, (_, i) =>
      aCard(oldKeys[(from + i) % shops.length] ?? assert.fail(), from + i),
    )
    await db.tx(async (t) => {
      for (const { stored } of cards) assert(await insertCard(t, stored))
    })
    for (const { stored, number } of cards) {
      numbers.set(stored.token, number)
      if (number === testNumber) tokens.push(stored.token)
    }
  }
  await db.close()
  return { numbers, tokens, oldKeys }
}

function aCard(key: DataKey, n: number) {
  const now = Date.now()
  const merchant = key.owner as MerchantId
  const isRegular = n % shops.length === 0 && n < regulars * shops.length
  const customer = isRegular ? `regular-${n / shops.length}` : `customer-${n % 1_000}`
  const shard = shardOf(merchant, customer)
  const token = newCardToken(shard)
  const number = isRegular ? testNumber : `4${String(n).padStart(15, '0')}`
  const card = { number: new Secret(number), expiryMonth: '11', expiryYear: '2027', name: 'Asha' }
  const facts: CardFacts = factsOf(card, 'VISA', { fingerprint: `${n}`, issuer: undefined })
  const reference = newCardReference()
  const sealed = sealCard(key, card, { merchant, customer, token })
  const of = { shard, merchant, customer, token, reference, facts, nickname: '', sealed }
  return { number, stored: { ...of, generation: 1, createdAt: now } }
}

async function rotateWithKills(scene: Scene, shopping: Shopping, ordeal: Ordeal): Promise<void> {
  const { kills, cards, serverKills } = ordeal
  for (let kill = 0; kill < kills; kill++) {
    const rotation = startRotation(scene)
    // One that is killed near its end may have ended before the signal comes.
    const left = Math.round(cards * (1 - (kill + 0.5) / kills / 3))
    await untilLeft(scene, rotation, left)
    const server = serverKills.includes(kill) ? shopping.killServer() : undefined
    rotation.child.kill('SIGKILL')
    await server
    assert.equal(await rotation.ended, undefined, 'it was killed in the middle')
  }
  const last = startRotation(scene)
  assert.equal(await last.ended, 0, last.output())
  assert.match(last.output(), /0 merchants have a new key/)
}

function startRotation(scene: Scene): Spawned {
  const variables = { ...variablesOf(scene), MASTER_KEY: `${newMaster},${oldMaster}` }
  const rotation = run('src/main.ts', ['keys', 'rotate'], variables)
  scene.servers.push(rotation)
  return rotation
}

async function untilLeft({ database }: Scene, { child }: Spawned, left: number): Promise<void> {
  for (;;) {
    assert.equal(child.exitCode, null, 'it ended too soon')
    const sql = 'select count(*) as n from cards where generation = 1'
    const [row] = await database.db.read(sql, [])
    if (Number(row?.['n']) <= left) return
    await sleep(2 + randomInt(3))
  }
}

async function checkKeys(
  scene: Scene,
  { numbers, oldKeys }: Stored,
  bought: readonly Bought[],
): Promise<void> {
  await assert.rejects(storeUnder(scene, oldMaster), /another MASTER_KEY/)
  const store = await storeUnder(scene, newMaster)
  const { db, seal, keyring } = store
  assert.deepEqual(await secretsNotUnder(seal.keyId, db), [])
  const old = makeSeal(Buffer.from(oldMaster, 'hex'))
  for (const key of await allKeys(db.read)) {
    assert.throws(() => old.open(key.wrapped, wrappedFor(key)))
    if (key.purpose === 'cards') assert(key.generation <= 2, 'one new key, however many kills')
  }
  const rows = await db.read('select merchant, customer, token, sealed, generation from cards', [])
  // What a server was to store dies with it; of others all is there.
  const saved = bought.filter(({ isSaved }) => isSaved)
  const mustBe = saved.filter(({ interrupted }) => !interrupted).length
  assert(rows.length >= numbers.size + mustBe && rows.length <= numbers.size + saved.length)
  for (const row of rows) {
    const merchant = row['merchant'] as MerchantId
    const owner = { merchant, customer: String(row['customer']), token: row['token'] as CardToken }
    const sealed = String(row['sealed'])
    assert.equal(Number(row['generation']), 2)
    const key = await keyring.ofGeneration(merchant, 'cards', 2)
    assert.equal(
      openSealed(key, sealed, owner).number.reveal(),
      numbers.get(owner.token) ?? testNumber,
    )
    for (const before of oldKeys) {
      assert.throws(() => openSealed({ ...before, id: key.id }, sealed, owner))
    }
  }
  const anHourLater = { ...keyring, now: () => Date.now() + 3_600_000 }
  assert.equal(await removeOldKeys({ db, keyring: anHourLater }), shops.length)
  for (const log of await auditLogs(db.read)) {
    assert.equal((await verifyAudit(store, log, [])).kind, 'right')
  }
  const own = await auditEntries(db.read, { merchant: '', after: 0, most: 100 })
  assert.deepEqual(
    own.map(({ deed }) => deed).filter((deed) => deed !== 'log_began'),
    ['keys_rotated'],
  )
  await db.close()
}
