import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld, type ScriptedWorld } from '../../test/world.ts'
import { dayMs } from '../clock.ts'
import { type MerchantId, shardOf } from '../ids.ts'
import { appendAudit, auditEntries } from '../merchants/audit-entries.ts'
import { fingerprintOf, newDataKey, wrappedFor } from '../merchants/data-key.ts'
import { insertDataKey, newestKey } from '../merchants/data-keys.ts'
import { verifyAudit } from '../merchants/verify-audit.ts'
import { Refusal } from '../refusal.ts'
import { Secret } from '../secret.ts'
import { factsOf } from './card.ts'
import { cardsOf, deleteCard, findCard, findSameCard, insertCard, renameCard } from './cards.ts'
import { deleteStored } from './change-card.ts'
import { openCard } from './open-card.ts'
import { purgeCards } from './purge-cards.ts'
import { storeCard } from './store-card.ts'
import type { StoredCard } from './stored-card.ts'

const numbers = ['4242424242424242', '5105105105105100', '4111111111111111']

/** Makes a merchant's next key for cards, as a rotation in another process does. */
async function makeNextKey({ world }: ScriptedWorld, owner: MerchantId): Promise<void> {
  const newest = await newestKey(world.db.read, owner, 'cards')
  const next = { owner, purpose: 'cards', generation: (newest?.generation ?? 0) + 1 } as const
  const wrapped = await world.keyring.provider.wrap(newDataKey(), wrappedFor(next))
  await world.db.tx(async (t) => insertDataKey(t, { ...next, wrapped, at: world.now() }))
}

for (const engine of engines) {
  describe(`stored cards on ${engine.name}`, () => {
    let at: ScriptedWorld
    beforeEach(async () => {
      at = await openWorld(engine)
    })
    afterEach(async () => {
      const log = await verifyAudit(at.world, at.merchant.id, [])
      await at.database.close()
      assert.equal(log.kind, 'right', JSON.stringify(log))
    })

    const read: typeof at.world.db.read = (sql, values) => at.world.db.read(sql, values)
    async function store(
      more: {
        number?: string
        customer?: string
        name?: string
        nickname?: string
        rbi?: boolean
      } = {},
    ): Promise<StoredCard> {
      const { number = numbers[0] ?? '', customer = 'asha', name = 'Asha', nickname, rbi } = more
      const { id, settings } = at.merchant
      const secret = new Secret(number)
      const given = { number: secret, expiryMonth: '11', expiryYear: '2027' }
      const card = name === '' ? given : { ...given, name }
      const fingerprint = fingerprintOf(await at.world.keyring.current(id, 'fingerprint'), secret)
      return storeCard(at.world, {
        merchant: { id, settings: { ...settings, card_retention: rbi ? 'rbi' : 'keep' } },
        customer,
        card,
        facts: factsOf(card, 'VISA', { fingerprint, issuer: undefined }),
        ...(nickname !== undefined && { nickname }),
        actor: 'key 0',
      })
    }
    const deeds = async () =>
      (await auditEntries(read, { merchant: at.merchant.id, after: 0, most: 100 })).map(
        ({ deed, subject, actor }) => `${deed} ${subject} ${actor}`,
      )
    const refused = (card: StoredCard) =>
      assert.rejects(openCard(at.world, card, 'key 0'), (error) => {
        return error instanceof Refusal && error.reason === 'card_token_unknown'
      })

    test('a card is stored, found, opened, renamed and removed', async () => {
      const card = await store({ nickname: 'blue' })
      const { token, shard, merchant, reference } = card
      assert.equal(shard, shardOf(merchant, 'asha'))
      assert.deepEqual(await findCard(read, card), card)
      assert.deepEqual(await findSameCard(read, card, card.facts.fingerprint), card)
      assert.deepEqual(await cardsOf(read, card), [card])
      assert.equal(card.purgeAt, undefined)
      assert.equal((await openCard(at.world, card, 'key 1')).number.reveal(), numbers[0])
      const [row] = await read('select sealed, facts from cards', [])
      assert(!JSON.stringify(row).includes(numbers[0] ?? ''))
      const renamed = await at.world.db.tx((t) => renameCard(t, card, 'red'))
      assert.deepEqual(renamed, { ...card, nickname: 'red' })
      for (const foreign of [
        { ...card, merchant: 'other' as MerchantId },
        { ...card, token: `${token}0` as const },
      ]) {
        assert.equal(await findCard(read, foreign), undefined)
        assert.equal(await at.world.db.tx((t) => deleteCard(t, foreign)), undefined)
        assert.equal(await at.world.db.tx((t) => renameCard(t, foreign, 'x')), undefined)
      }
      assert.deepEqual(await at.world.db.tx((t) => deleteCard(t, card)), renamed)
      assert.equal(await findCard(read, card), undefined)
      assert.deepEqual(await deeds(), [
        `card_stored ${reference} key 0`,
        `card_opened ${reference} key 1`,
      ])
    })

    test('the same card again keeps its token, and its nickname if none is given', async () => {
      const first = await store({ nickname: 'blue', rbi: true })
      at.clock.now += 1_000
      const again = await store({ rbi: true })
      const { sealed: _old, ...before } = first
      const { sealed: _new, ...after } = again
      assert.deepEqual(after, { ...before, purgeAt: at.clock.now + 4 * dayMs })
      assert.notEqual(again.sealed, first.sealed)
      assert.equal((await openCard(at.world, again, 'a')).number.reveal(), numbers[0])
      assert.equal((await store({ nickname: 'red' })).nickname, 'red')
      assert.notEqual((await store({ customer: 'ravi' })).token, first.token)
      assert.equal((await cardsOf(read, first)).length, 1)
    })

    test('the same card again keeps the name on it, if none is given', async () => {
      const nameOf = async (card: StoredCard) => {
        assert.deepEqual(await findCard(read, card), card)
        const { name } = await openCard(at.world, card, 'a')
        assert.equal(card.facts.name, name ?? '')
        return name
      }
      assert.equal(await nameOf(await store({ name: '' })), undefined)
      assert.equal(await nameOf(await store()), 'Asha')
      assert.equal(await nameOf(await store({ name: '' })), 'Asha')
      assert.equal(await nameOf(await store({ name: 'A Rao' })), 'A Rao')
    })

    test('stored many times at once it is one card that opens', async () => {
      const cards = await Promise.all(Array.from({ length: 8 }, () => store()))
      assert.equal(new Set(cards.map(({ token }) => token)).size, 1)
      const [card, ...more] = await cardsOf(read, cards[0] ?? assert.fail())
      assert(card)
      assert.deepEqual(more, [])
      assert.equal((await openCard(at.world, card, 'a')).number.reveal(), numbers[0])
    })

    test('nothing is stored under a key in whose place there is a newer one', async () => {
      const card = await store()
      await makeNextKey(at, at.merchant.id)
      const written = await at.world.db.tx((t) => insertCard(t, { ...card, nickname: 'late' }))
      assert.equal(written, undefined)
      assert.deepEqual(await findCard(read, card), card)
      const next = await store({ number: numbers[1] ?? '' })
      assert.equal(next.generation, 2)
      assert.equal((await openCard(at.world, next, 'a')).number.reveal(), numbers[1])
      assert.equal((await openCard(at.world, card, 'a')).number.reveal(), numbers[0])
      assert.deepEqual((await cardsOf(read, card)).length, 2)
    })

    test('a card is purged after four days, once, and may be stored anew', async () => {
      const kept = await store({ number: numbers[1] ?? '', nickname: 'kept' })
      const card = await store({ rbi: true, nickname: '4242 4242 42424242' })
      assert.equal(card.purgeAt, at.clock.now + 4 * dayMs)
      at.clock.now += 4 * dayMs - 1
      assert.equal(await purgeCards(at.world), 0)
      await openCard(at.world, card, 'a')
      at.clock.now += 1
      await refused(card)
      assert.equal(await purgeCards(at.world), 1)
      assert.equal(await purgeCards(at.world), 0)
      const purged = await findCard(read, card)
      assert(purged)
      assert.equal(purged.sealed, undefined)
      assert.equal(purged.nickname, '')
      const { bin, name, expiryMonth, expiryYear, lastFour } = purged.facts
      assert.deepEqual([bin, name, expiryMonth, expiryYear, lastFour], ['', '', '', '', '4242'])
      await refused(purged)
      assert.deepEqual(await cardsOf(read, card), [kept])
      assert.equal((await deeds()).at(-1), `card_purged ${card.reference} clock`)
      const again = await store()
      assert.equal(again.token, card.token)
      assert.equal((await openCard(at.world, again, 'a')).number.reveal(), numbers[0])
    })

    test('a card with damaged facts is emptied like any other, and holds none up', async () => {
      const cards = [await store({ rbi: true }), await store({ rbi: true, customer: 'ravi' })]
      const [damaged, whole] = cards
      assert(damaged && whole)
      await at.world.db.tx(async (t) =>
        t.put("update cards set facts = substr(facts, 2) where customer = 'asha'", []),
      )
      at.clock.now += 4 * dayMs
      assert.equal(await purgeCards(at.world), 2)
      assert.equal((await findCard(read, whole))?.facts.lastFour, '4242')
      const purged = (await findCard(read, damaged)) ?? assert.fail()
      assert.equal(purged.sealed, undefined)
      const { fingerprint, ...facts } = purged.facts
      assert.equal(fingerprint, damaged.facts.fingerprint)
      assert.deepEqual(new Set(Object.values(facts)), new Set(['']))
      assert.deepEqual(Object.keys(purged.facts).sort(), Object.keys(whole.facts).sort())
      const last = (await deeds()).slice(-2)
      const named = cards.map(({ reference }) => `card_purged ${reference} clock`)
      assert.deepEqual(new Set(last), new Set(named))
    })

    test('a card that is stored anew while it is purged stays', async () => {
      const card = await store({ rbi: true })
      at.clock.now += 4 * dayMs
      const slow = { ...at.world.db }
      const room = {
        ...at.world,
        db: {
          ...slow,
          tx: async <T>(work: Parameters<typeof slow.tx<T>>[0]) => {
            await store({ rbi: true })
            return slow.tx(work)
          },
        },
      }
      assert.equal(await purgeCards(room), 1)
      assert.notEqual((await findCard(read, card))?.sealed, undefined)
      assert(!(await deeds()).some((deed) => deed.startsWith('card_purged')))
    })

    test('a removed card is gone, and who removed it is in the log', async () => {
      const { token, reference } = await store()
      const named = { token, customer: 'asha', actor: 'key 0' }
      assert.equal((await deleteStored(at.world, at.merchant, named)).reference, reference)
      await assert.rejects(deleteStored(at.world, at.merchant, named), Refusal)
      assert.deepEqual(await cardsOf(read, await store()).then((cards) => cards.length), 1)
      const removals = (await deeds()).filter((deed) => deed.startsWith('card_deleted'))
      assert.deepEqual(removals, [`card_deleted ${reference} key 0`])
    })

    test('an opening is in the log before the card is open, or it stays shut', async () => {
      const card = await store()
      const { db } = at.world
      const order: string[] = []
      const { keyring } = at.world
      const watched = {
        ...at.world,
        db: {
          ...db,
          tx: async <T>(work: Parameters<typeof db.tx<T>>[0]) => {
            const done = await db.tx(work)
            order.push('written')
            return done
          },
        },
        keyring: {
          ...keyring,
          ofGeneration: (...of: Parameters<typeof keyring.ofGeneration>) => {
            order.push('opened')
            return keyring.ofGeneration(...of)
          },
        },
      }
      await openCard(watched, card, 'a')
      assert.deepEqual(order, ['written', 'opened'])
      const tx = async () => assert.fail('the disk is full')
      await assert.rejects(openCard({ ...watched, db: { ...db, tx } }, card, 'a'), /disk is full/)
      assert.deepEqual(order, ['written', 'opened'])
    })

    test('rows that changed places or were changed are refused, all alike', async () => {
      const mine = await store()
      const other = await store({ number: numbers[1] ?? '' })
      const theirs = await store({ number: numbers[2] ?? '', customer: 'ravi' })
      for (const thief of [other, theirs]) {
        await refused({ ...mine, sealed: thief.sealed ?? '' })
        await refused({ ...thief, sealed: mine.sealed ?? '' })
      }
      const underNext = mine.sealed?.replace('.g1.', '.g2.') ?? ''
      await refused({ ...mine, sealed: underNext })
      await refused({ ...mine, customer: 'ravi' })
      await refused({ ...mine, sealed: '' })
      await refused({ ...mine, sealed: `${mine.sealed}A` })
      await makeNextKey(at, at.merchant.id)
      await refused({ ...mine, sealed: underNext })
    })

    test('a card is opened by the key that sealed it, whatever else its row says', async () => {
      const card = { ...(await store()), generation: 2 }
      assert.equal((await openCard(at.world, card, 'key 0')).number.reveal(), numbers[0])
    })

    test('a log that is written at once by many is one chain', async () => {
      const key = await at.world.keyring.current('', 'audit')
      const done = { merchant: at.merchant.id, at: 1, actor: 'a', subject: 's' } as const
      await Promise.all(
        Array.from({ length: 20 }, () =>
          at.world.db.tx((t) => appendAudit(t, key, { ...done, deed: 'card_opened' })),
        ),
      )
      assert.equal((await deeds()).length, 20)
    })
  })
}
