import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { aStart, by, openWorld, type ScriptedWorld } from '../../test/world.ts'
import { cardsOf } from '../cards/cards.ts'
import { type OrderId, shardOf } from '../ids.ts'
import type { Settings } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import { capture } from './capture.ts'
import { createOrder } from './create-order.ts'
import { asItIs, dutiesOf, words } from './held.fixture.ts'
import { pay } from './pay.ts'
import { saveCard } from './save-card.ts'
import { sync } from './sync.ts'
import type { Txn } from './txn.ts'
import type { World } from './world.ts'

const minuteMs = 60_000

for (const engine of engines) {
  describe(`cards that are stored after a payment, on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())
    const { whenDue, sent } = dutiesOf(() => at)

    const openOrder = async (id: string, customer = id) => {
      const fields = { customer_id: customer }
      const order = { orderId: id as OrderId, amount: paise(10_000), currency: 'INR', fields }
      await createOrder(at.world, at.merchant, { order, ifDifferent: 'refuse', by })
    }

    /** A payment whose card is to be stored, of which the gateway says this at its start. */
    const saving = async (id: string, said: (typeof words)[keyof typeof words], world?: World) => {
      await openOrder(id)
      at.script.push(said)
      return pay(world ?? at.world, at.merchant, { ...aStart(at, id), save: true })
    }

    const cardsFor = (customer: string) => {
      const merchant = at.merchant.id
      return cardsOf(at.world.db.read, { shard: shardOf(merchant, customer), merchant, customer })
    }

    const lastOf = async ({ orderId }: Txn) => (await at.kinds(orderId)).at(-1)

    /** A world whose vault is out of reach: its keys are. */
    const keyless = (): World => {
      const down = () => Promise.reject(new Error('the key provider is down'))
      const keyring = { ...at.world.keyring, current: at.world.keyring.current }
      return {
        ...at.world,
        keyring: {
          ...keyring,
          current: (owner, purpose) =>
            purpose === 'cards' ? down() : keyring.current(owner, purpose),
        },
      }
    }

    test('the card is stored with the success, whoever brings it', async () => {
      const held = await saving('held', words.held)
      const [card] = await cardsFor('held')
      assert(card)
      assert.deepEqual([held.card.reference, held.card.saved], [card.reference, true])
      assert.equal(held.locker, undefined)
      assert.deepEqual(await asItIs(at, held), held)

      const unknown = await saving('later', words.silence)
      assert(unknown.locker)
      assert.deepEqual(await cardsFor('later'), [])
      const charged = await whenDue(unknown, words.charged)
      assert.equal(charged.card.saved, true)
      assert.equal((await cardsFor('later')).length, 1)
      assert.equal(await lastOf(charged), 'card_saved')
    })

    test('a vault out of reach loses no answer, and the clock stores the card', async () => {
      const txn = await saving('down', words.charged, keyless())
      assert.deepEqual([txn.status, txn.card.saved], ['CHARGED', undefined])
      assert(txn.locker)
      const saved = await whenDue(txn, undefined)
      assert.deepEqual([saved.card.saved, saved.locker], [true, undefined])
      assert.equal(saved.dueAt, undefined)
      assert.equal((await cardsFor('down')).length, 1)
    })

    test('an answer about the money is waited for first, as soon as without a card', async () => {
      const held = await saving('told', words.held, keyless())
      at.script.push(words.silence)
      await capture(at.world, at.merchant, { id: held.id, by })
      const told = await asItIs(at, held)
      assert.equal(told.instruction?.kind, 'capture')
      assert(told.locker)
      assert.equal(told.dueAt, at.clock.now + 5_000)
      assert.deepEqual(await saveCard(at.world, at.merchant, { txn: told, by }), told)
      const captured = await whenDue(told, words.charged)
      assert.deepEqual([captured.status, captured.card.saved], ['CHARGED', true])
    })

    test('what two store at once is one card, and one event', async () => {
      const txn = await saving('two', words.charged, keyless())
      const save = () => saveCard(at.world, at.merchant, { txn, by })
      const both = await Promise.all([save(), save()])
      for (const saved of [...both, await save()]) assert.equal(saved.locker, undefined)
      assert.equal((await cardsFor('two')).length, 1)
      const kinds = await at.kinds('two')
      assert.equal(kinds.filter((kind) => kind === 'card_saved').length, 1)
    })

    test('a card that waited for too long is not stored, and not kept either', async () => {
      const txn = await saving('old', words.charged, keyless())
      at.clock.now += 31 * minuteMs
      const done = await whenDue(txn, undefined)
      assert.deepEqual(
        [done.locker, done.card.saved, done.dueAt],
        [undefined, undefined, undefined],
      )
      assert.equal(await lastOf(done), 'card_not_saved')
      const unknown = await saving('older', words.silence)
      at.clock.now += 31 * minuteMs
      const charged = await whenDue(unknown, words.charged)
      assert.deepEqual([charged.status, charged.locker], ['CHARGED', undefined])
      assert.deepEqual([...(await cardsFor('old')), ...(await cardsFor('older'))], [])
    })

    test('a locker of no more use goes: by failure, by time, by money that is late', async () => {
      const failed = await saving('failed', words.declined)
      assert.equal(failed.locker, undefined)
      const waiting = await saving('waiting', words.silence)
      at.clock.now += 31 * minuteMs
      assert.equal((await whenDue(waiting, words.silence)).locker, undefined)
      const settings = { ...at.merchant.settings, refund_late_charges: true }
      at.script.push(words.charged)
      const late = await sync(at.world, { ...at.merchant, settings }, { txn: failed, by })
      assert.deepEqual([late.late, late.locker], [true, undefined])
      assert.deepEqual(await cardsFor('failed'), [])
      await whenDue(late, undefined)
      const said = { kind: 'refunded', said: {}, amount: paise(10_000) } as const
      assert.equal((await sent(late, said)).status, 'AUTO_REFUNDED')
    })

    test('a merchant who has changed their mind meanwhile stores nothing', async () => {
      const txn = await saving('mind', words.charged, keyless())
      const settings: Settings = { ...at.merchant.settings, card_storage: 'none' }
      const there = { ...at, merchant: { ...at.merchant, settings } }
      const done = await whenDue(txn, undefined, there)
      assert.deepEqual([done.locker, done.card.saved], [undefined, undefined])
      assert.deepEqual(await cardsFor('mind'), [])
    })

    test('an id of ours that is no customer’s stores nothing', async () => {
      const nobody = `cst_${'0'.repeat(35)}`
      await openOrder('nobody', nobody)
      at.script.push(words.charged)
      const txn = await pay(at.world, at.merchant, { ...aStart(at, 'nobody'), save: true })
      assert.deepEqual([txn.status, txn.card.saved, txn.locker], ['CHARGED', undefined, undefined])
      assert.deepEqual(await cardsFor(nobody), [])
    })
  })
}
