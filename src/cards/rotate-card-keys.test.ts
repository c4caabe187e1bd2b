import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld, type ScriptedWorld } from '../../test/world.ts'
import { type CardToken, type MerchantId, shardIn } from '../ids.ts'
import { newestKeys } from '../merchants/data-keys.ts'
import { openKeyring } from '../merchants/open-keyring.ts'
import { Secret } from '../secret.ts'
import { factsOf } from './card.ts'
import { findCard } from './cards.ts'
import { openCard } from './open-card.ts'
import { makeNextKeys, type RotationRoom, removeOldKeys, resealCards } from './rotate-card-keys.ts'
import { storeCard } from './store-card.ts'
import type { StoredCard } from './stored-card.ts'

const tenMinutesMs = 10 * 60_000
const shops = ['demo', 'mall'] as MerchantId[]

for (const engine of engines) {
  describe(`rotating the keys of cards on ${engine.name}`, () => {
    let at: ScriptedWorld
    let room: RotationRoom
    beforeEach(async () => {
      at = await openWorld(engine)
      room = { ...at.world, keyring: anotherKeyring(), sleep: async () => {} }
    })
    afterEach(() => at.database.close())

    /** As another process has it, with nothing read yet. */
    const anotherKeyring = () =>
      openKeyring(at.world.db, at.world.keyring.provider, () => at.clock.now)
    const numberOf = (n: number) => `4000${String(n).padStart(12, '0')}`

    async function store(
      n: number,
      merchant = at.merchant.id,
      expiryYear = '2027',
    ): Promise<StoredCard> {
      const number = new Secret(numberOf(n))
      const card = { number, expiryMonth: '11', expiryYear }
      const known = { fingerprint: String(n), issuer: undefined }
      const { settings } = at.merchant
      return storeCard(at.world, {
        merchant: { id: merchant, settings },
        customer: `customer ${n}`,
        card,
        facts: factsOf(card, 'VISA', known),
        actor: 'test',
      })
    }
    const storeMany = async (count: number) => {
      const cards: StoredCard[] = []
      for (let n = 0; n < count; n++) cards.push(await store(n, shops[n % 2]))
      return cards
    }
    const now = async (card: StoredCard) =>
      (await findCard(at.world.db.read, card)) ?? assert.fail('the card is there')
    const generations = async () => {
      const rows = await at.world.db.read(
        "select generation from data_keys where owner = 'demo' and purpose = 'cards'",
        [],
      )
      return rows.map(({ generation }) => Number(generation)).sort()
    }

    test('every card of every merchant comes under a new key and stays what it was', async () => {
      const cards = await storeMany(130)
      at.clock.now += 1
      const since = at.clock.now
      assert.equal(await makeNextKeys(room, since), 2)
      assert.equal(await makeNextKeys(room, since), 0, 'once in a rotation')
      assert.deepEqual(await resealCards(room), { count: 130, unreadable: [] })
      assert.deepEqual(await resealCards(room), { count: 0, unreadable: [] })
      for (const [n, card] of cards.entries()) {
        const resealed = await now(card)
        assert.deepEqual(
          { ...resealed, sealed: '', generation: 0 },
          {
            ...card,
            sealed: '',
            generation: 0,
          },
        )
        assert.equal(resealed.generation, 2)
        assert.notEqual(resealed.sealed, card.sealed)
        assert.equal((await openCard(at.world, resealed, 'a')).number.reveal(), numberOf(n))
      }
    })

    test('keys that no card needs go, when they were superseded ten minutes ago', async () => {
      await storeMany(4)
      at.clock.now += 1
      await makeNextKeys(room, at.clock.now)
      assert.deepEqual(await generations(), [1, 2])
      at.clock.now += tenMinutesMs + 1
      assert.equal(await removeOldKeys(room), 0, 'a card still needs each')
      await resealCards(room)
      assert.equal(await removeOldKeys(room), 2)
      assert.deepEqual(await generations(), [2])
      at.clock.now += 1
      await makeNextKeys(room, at.clock.now)
      await resealCards(room)
      at.clock.now += tenMinutesMs
      assert.equal(await removeOldKeys(room), 0, 'too early')
      at.clock.now += 1
      assert.equal(await removeOldKeys(room), 2)
      assert.deepEqual(await generations(), [3])
      const keys = await newestKeys(at.world.db.read, 'cards')
      assert.deepEqual(keys.map(({ owner }) => owner).sort(), shops)
    })

    test('a rotation that stopped anywhere is gone on with', async () => {
      const cards = await storeMany(120)
      at.clock.now += 1
      const since = at.clock.now
      for (let stops = 0; ; stops++) {
        assert(stops < 20)
        let txs = 0
        const db = {
          ...at.world.db,
          tx: async <T>(work: Parameters<typeof at.world.db.tx<T>>[0]) => {
            if (++txs > 1) throw new Error('killed')
            return at.world.db.tx(work)
          },
        }
        const dying = { ...room, db, keyring: anotherKeyring() }
        try {
          await makeNextKeys(dying, since)
          await resealCards(dying)
          break
        } catch (error) {
          assert.match(String(error), /killed/)
        }
        at.clock.now += 1
      }
      for (const [n, card] of cards.entries()) {
        const resealed = await now(card)
        assert.equal(resealed.generation, 2)
        assert.equal((await openCard(at.world, resealed, 'a')).number.reveal(), numberOf(n))
      }
      assert.deepEqual(await generations(), [1, 2])
    })

    test('what is stored, stored anew or removed meanwhile is not lost', async () => {
      const [first] = await storeMany(3)
      assert(first)
      at.clock.now += 1
      await makeNextKeys(room, at.clock.now)
      let changed = false
      const { db } = at.world
      const racing = {
        ...room,
        db: {
          ...db,
          tx: async <T>(work: Parameters<typeof db.tx<T>>[0]) => {
            if (!changed) {
              changed = true
              await store(0, at.merchant.id, '2031')
              await store(7, at.merchant.id, '2031')
              await db.tx(async (t) => t.put("delete from cards where fingerprint = '2'", []))
            }
            return db.tx(work)
          },
        },
      }
      await resealCards(racing)
      const rows = await db.read('select generation from cards', [])
      assert.deepEqual(
        rows.map(({ generation }) => generation),
        [2, 2, 2],
      )
      for (const row of await db.read("select token from cards where merchant = 'demo'", [])) {
        const token = row['token'] as CardToken
        const shard = shardIn(token) ?? assert.fail()
        const card = await now({ ...first, shard, token })
        assert.equal((await openCard(at.world, card, 'a')).expiryYear, '2031')
      }
    })

    test('damaged rows are told and left, and hold nobody up', async () => {
      const cards = await storeMany(140)
      const { db } = at.world
      await db.tx(async (t) => {
        t.put(
          "update cards set sealed = 'v1.g1.AAAA' where merchant = 'demo' and created_at > $1",
          [0],
        )
        t.put("update cards set sealed = 'AAAA' where merchant = 'mall' and fingerprint = '1'", [])
        t.put("update cards set facts = substr(facts, 2) where fingerprint = '3'", [])
      })
      at.clock.now += 1
      await makeNextKeys(room, at.clock.now)
      const { count, unreadable } = await resealCards(room)
      assert.equal(count, 69)
      assert.equal(unreadable.length, 71)
      const damaged = cards.filter((card, n) => card.merchant === 'demo' || n === 1)
      assert.deepEqual(new Set(unreadable), new Set(damaged.map(({ reference }) => reference)))
      at.clock.now += tenMinutesMs + 1
      assert.equal(await removeOldKeys(room), 0, 'the keys of damaged cards stay')
    })

    test('a row that names another key than its text is rotated by its text', async () => {
      const cards = await storeMany(12)
      at.clock.now += 1
      await makeNextKeys(room, at.clock.now)
      const { db } = at.world
      await db.tx(async (t) => {
        t.put("update cards set generation = 2 where fingerprint < '2'", [])
        t.put("update cards set generation = 9 where fingerprint in ('2', '3')", [])
        t.put("update cards set generation = 0 where fingerprint in ('4', '5')", [])
      })
      at.clock.now += tenMinutesMs + 1
      assert.deepEqual(await removeOldKeys(room), 0)
      assert.deepEqual(await resealCards(room), { count: 12, unreadable: [] })
      assert.deepEqual(await resealCards(room), { count: 0, unreadable: [] })
      for (const [n, card] of cards.entries()) {
        const resealed = await now(card)
        assert.equal(resealed.generation, 2)
        assert.equal((await openCard(at.world, resealed, 'a')).number.reveal(), numberOf(n))
      }
    })

    test('a key stays while a sealed text alone names it, or a row alone', async () => {
      await storeMany(2)
      at.clock.now += 1
      await makeNextKeys(room, at.clock.now)
      at.clock.now += tenMinutesMs + 1
      const { db } = at.world
      await db.tx(async (t) => {
        t.put("update cards set generation = 2 where merchant = 'demo'", [])
        t.put("update cards set sealed = 'v1.g2.AAAA' where merchant = 'mall'", [])
      })
      assert.equal(await removeOldKeys(room), 0)
      await db.tx(async (t) => t.put('delete from cards', []))
      assert.equal(await removeOldKeys(room), 2)
    })

    test('a rotation that another has overtaken puts nothing back', async () => {
      await storeMany(2)
      at.clock.now += 1
      await makeNextKeys(room, at.clock.now)
      const { db } = at.world
      let overtaken = false
      const overtake = async () => {
        overtaken = true
        at.clock.now += 1
        await makeNextKeys(room, at.clock.now)
        await resealCards(room)
      }
      const tx: typeof db.tx = async (work) => {
        if (!overtaken) await overtake()
        return db.tx(work)
      }
      const slow = { ...room, db: { ...db, tx }, keyring: anotherKeyring() }
      const { count } = await resealCards(slow)
      assert.equal(count, 0)
      const rows = await db.read('select generation from cards', [])
      assert.deepEqual(
        rows.map(({ generation }) => generation),
        [3, 3],
      )
    })

    test('the ten minutes are of this machine’s clock, which no sandbox moves', async () => {
      await storeMany(2)
      const made = at.clock.now
      const keyring = openKeyring(at.world.db, at.world.keyring.provider, () => made)
      const still = { ...at.world, keyring }
      await makeNextKeys(still, made + 1)
      await resealCards(room)
      at.clock.now += 40 * tenMinutesMs
      assert.equal(await removeOldKeys(still), 0)
      assert.equal(await removeOldKeys(room), 2)
    })
  })
}
