import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../../src/merchants/merchant.ts'
import {
  type Answer,
  ask,
  callerOf,
  challengeIn,
  type Form,
  rightOtp,
  testCard,
} from '../caller.ts'
import { dayMs, minuteMs, onBothEngines } from './shop.ts'

const unknown = 'No card could be located for token'

onBothEngines((shop) => {
  const caller = () => callerOf(shop().server)
  let orders = 0

  /** An order of a customer's own, or of a guest's. */
  const newOrder = async (customer?: string) => {
    const id = `c-${++orders}`
    const created = await caller().create(id, customer ? { customer_id: customer } : {})
    assert.equal(created.status, 200, created.text)
    return id
  }

  /** Starts a payment by a token, and nothing else of a card. */
  const startBy = (order: string, card_token: string, more: Form = {}) => {
    const { server } = shop()
    return caller().call('/txns', {
      order_id: order,
      merchant_id: server.merchant,
      payment_method_type: 'CARD',
      auth_type: 'OTP',
      format: 'json',
      card_token,
      ...more,
    })
  }

  const tokenize = async (more: Form = {}) => {
    const { server } = shop()
    const form = { merchant_id: server.merchant, ...testCard, name_on_card: 'Asha', ...more }
    const answer = await ask(`${server.url}/card/tokenize`, { form })
    assert.equal(answer.status, 200, answer.text)
    assert.match(String(answer.body['token']), /^ctkn_/)
    return String(answer.body['token'])
  }

  const paid = async (started: Answer) => {
    const done = await caller().submit(challengeIn(started), rightOtp)
    assert.equal(done.body.status, 'CHARGED', done.text)
    return (done.body['payment_info'] as { card: Record<string, unknown> }).card
  }

  const assertUnknown = (answer: Answer, what = answer.text) => {
    assert.deepEqual([answer.status, answer.body.error_message], [400, unknown], what)
  }

  const vault = (story: () => Promise<void>, more: Partial<Settings> = {}) =>
    shop().withSettings({ card_storage: 'vault', ...more }, story)

  const listOf = async (customer: string, more = '') => {
    const { body } = await caller().call(`/cards?customer_id=${customer}${more}`)
    return body['cards'] as Record<string, unknown>[]
  }

  const add = async (customer_id: string, more: Form = {}) => {
    const { card_security_code: _cvv, ...card } = testCard
    const answer = await caller().call('/card/add', { customer_id, ...card, ...more })
    assert.equal(answer.status, 200, answer.text)
    return answer.body as Record<string, string>
  }

  test('a card that a page turned into a token is paid with once, its CVV with it', async () => {
    const token = await tokenize()
    assert(!token.includes('4242'))
    const card = await paid(await startBy(await newOrder(), token))
    assert.deepEqual([card['last_four_digits'], card['name_on_card']], ['4242', 'Asha'])
    assert.equal(card['using_saved_card'], false)
    assertUnknown(await startBy(await newOrder(), token), 'a second use')
  })

  test('a token is good for a quarter of an hour', async () => {
    const [early, late] = [await tokenize(), await tokenize()]
    await shop().later(14 * minuteMs)
    await paid(await startBy(await newOrder(), early))
    await shop().later(minuteMs)
    assertUnknown(await startBy(await newOrder(), late))
  })

  test('of twenty payments by one token at once, one begins', async () => {
    const token = await tokenize()
    const ids = await Promise.all(Array.from({ length: 20 }, () => newOrder()))
    const answers = await Promise.all(ids.map((id) => startBy(id, token)))
    const begun = answers.filter(({ status }) => status === 200)
    assert.equal(begun.length, 1)
    for (const answer of answers) if (answer !== begun[0]) assertUnknown(answer)
    const books = await Promise.all(ids.map((order_id) => shop().book({ order_id })))
    assert.equal(books.flatMap(({ payments }) => payments).length, 1)
  })

  test('a token that was altered, made up, or is of another kind opens nothing', async () => {
    const token = await tokenize()
    const last = token.at(-1) === 'A' ? 'B' : 'A'
    const forged = [
      token.slice(0, -1) + last,
      `${token}A`,
      `${token}.`,
      token.replace('ctkn_v1.', 'ctkn_v2.'),
      'ctkn_',
      'ctkn_v1.r-0.AAAA',
      token.slice('ctkn_'.length),
      `ctk_${'0'.repeat(35)}`,
      'tkn_00000000000000000000000000000000',
      '4242424242424242',
    ]
    for (const text of forged) assertUnknown(await startBy(await newOrder('asha'), text), text)
    await paid(await startBy(await newOrder(), token))
  })

  test('a refusal that needs no card leaves the token good', async () => {
    const token = await tokenize()
    const order = await newOrder()
    assert.equal((await startBy(order, token, { gateway_id: '999' })).status, 400)
    assert.equal((await startBy('no-such-order', token)).status, 400)
    const done = await newOrder()
    await paid(await startBy(done, await tokenize()))
    const again = await startBy(done, token)
    assert.equal(again.body.error_message, `Order with id = "${done}" is already paid.`)
    await paid(await startBy(order, token))
  })

  test('tokenising needs a merchant, and their own key where one is sent', async () => {
    const { server } = shop()
    const { authorization } = caller()
    const url = `${server.url}/card/tokenize`
    const form = { merchant_id: server.merchant, ...testCard }
    assert.equal((await ask(url, { form, authorization })).status, 200)
    assert.equal((await ask(url, { form: testCard, authorization })).status, 200)
    assert.equal((await ask(url, { form: testCard })).body['error_code'], 'missing')
    const wrong = [
      { form: { ...form, merchant_id: 'nobody' } },
      { form: { ...form, merchant_id: 'nobody' }, authorization },
      { form, authorization: `Basic ${Buffer.from('sk_none:').toString('base64')}` },
      { form, authorization: 'Bearer x' },
      { form, headers: { origin: 'https://evil.example' } },
    ]
    for (const how of wrong) assert.equal((await ask(url, how)).status, 401, JSON.stringify(how))
  })

  test('a card is stored after the payment that it was to be stored by', async () => {
    await vault(async () => {
      const order = await newOrder('saver')
      const started = await caller().start(order, { save_to_locker: 'true' })
      assert.deepEqual(await listOf('saver'), [])
      const card = await paid(started)
      assert.equal(card['saved_to_locker'], true)
      const [listed, ...more] = await listOf('saver')
      assert.deepEqual(more, [])
      assert.equal(listed?.['card_number'], '4242-XXXXXXXX-4242')
      assert.equal(listed?.['card_reference'], card['card_reference'])
      const { body } = await caller().status(order)
      assert.equal((body['card'] as typeof card)['saved_to_locker'], true)
      const kinds = (await shop().events({ order_id: order })).map(({ kind }) => kind)
      assert.equal(kinds.at(-1), 'card_saved')
      const [row] = await shop().server.db.read(
        'select locker, due_at from txns where order_id = $1',
        [order],
      )
      assert.deepEqual({ ...row }, { locker: null, due_at: null })

      const again = await caller().start(await newOrder('saver'), { save_to_locker: 'true' })
      assert.equal((await paid(again))['card_reference'], card['card_reference'])
      assert.equal((await listOf('saver')).length, 1, 'the same card is one card')
    })
  })

  test('nothing is stored of a failed payment, a guest, or for who stores none', async () => {
    await vault(async () => {
      const failed = challengeIn(
        await caller().start(await newOrder('unlucky'), { save_to_locker: 'true' }),
      )
      for (const _ of [1, 2, 3]) await caller().submit(failed, '654321')
      assert.deepEqual(await listOf('unlucky'), [])
      const [row] = await shop().server.db.read('select locker from txns where id = $1', [
        failed.id,
      ])
      assert.equal(row?.['locker'], null)
      const guest = await caller().start(await newOrder(), { save_to_locker: 'true' })
      assert.equal((await paid(guest))['saved_to_locker'], false)
    })
    await shop().withSettings({ card_storage: 'none' }, async () => {
      const none = await caller().start(await newOrder('none'), { save_to_locker: 'true' })
      assert.equal((await paid(none))['saved_to_locker'], false)
      const refused = await caller().call('/card/add', { customer_id: 'none', ...testCard })
      const { error_info } = refused.body as { error_info?: Record<string, unknown> }
      assert.deepEqual(
        [refused.status, error_info?.['code'], error_info?.['category']],
        [400, 'LOCKER_NOT_CONFIGURED', 'CONFIG_ERROR'],
      )
      assert.deepEqual(await listOf('none'), [])
    })
  })

  test('a stored card is paid with, with its CVV or without, until it is deleted', async () => {
    await vault(async () => {
      const { card_token, card_reference } = await add('asha', { nickname: 'Work' })
      assert(card_token)
      for (const more of [{}, { card_security_code: '123' }] as Form[]) {
        const card = await paid(await startBy(await newOrder('asha'), card_token, more))
        assert.deepEqual(
          [card['using_saved_card'], card['card_reference'], card['saved_to_locker']],
          [true, card_reference, false],
        )
      }
      const wrongCvv = { card_security_code: '1234' }
      const refused = await startBy(await newOrder('asha'), card_token, wrongCvv)
      assert.equal(refused.body.error_code, 'invalid_card_cvv')
      assertUnknown(await startBy(await newOrder('usha'), card_token), "another customer's")
      assertUnknown(await startBy(await newOrder(), card_token), "a guest's")

      const gone = await caller().call('/card/delete', { card_token })
      assert.deepEqual(gone.body, { card_token, card_reference, deleted: true })
      const deeds = await shop().server.db.read(
        'select deed, actor from audit_entries where subject = $1 order by seq',
        [String(card_reference)],
      )
      assert.deepEqual(
        deeds.map(({ deed }) => deed),
        ['card_stored', 'card_opened', 'card_opened', 'card_opened', 'card_deleted'],
      )
      for (const { actor } of deeds) assert.match(String(actor), /^key [0-9a-f]{12}$/)
      assertUnknown(await startBy(await newOrder('asha'), card_token))
      assert.equal((await caller().call('/card/delete', { card_token })).status, 404)
      assert.deepEqual(await listOf('asha'), [])
    })
  })

  test('a customer is the same by our id and by the merchant’s', async () => {
    await vault(async () => {
      const { body } = await caller().call('/customers', { object_reference_id: 'both' })
      const { card_token } = await add(String(body.id))
      assert(card_token)
      assert.equal((await listOf('both')).length, 1)
      assert.deepEqual(await listOf(String(body.id)), await listOf('both'))
      await paid(await startBy(await newOrder(String(body.id)), card_token))
      await paid(await startBy(await newOrder('both'), card_token))
      const nobody = `cst_${'0'.repeat(35)}`
      const unknownOne = await caller().call(`/cards?customer_id=${nobody}`)
      assert.equal(unknownOne.status, 404)
      const added = await caller().call('/cards', { customer_id: nobody, ...testCard })
      assert.deepEqual(
        [added.status, added.body.error_message],
        [404, 'There is no such customer.'],
      )
    })
  })

  test('a page with a client token of the customer lists their cards and no others', async () => {
    await vault(async () => {
      await add('shown')
      await add('hidden')
      const query = 'options.get_client_auth_token=true'
      await caller().call('/customers', { object_reference_id: 'shown' })
      const { body } = await caller().call(`/customers/shown?${query}`)
      const { client_auth_token: token } = body['juspay'] as Record<string, string>
      const url = `${shop().server.url}/cards?client_auth_token=${token}`
      for (const more of ['', '&customer_id=shown', `&customer_id=${body.id}`]) {
        const listed = await ask(url + more)
        assert.equal(listed.status, 200, listed.text)
        assert.equal((listed.body['cards'] as object[]).length, 1)
        assert.equal(listed.body['customer_id'], 'shown')
      }
      for (const more of [
        '&customer_id=hidden',
        '&customer_id=nobody',
        `&customer_id=cst_${'0'.repeat(35)}`,
      ]) {
        assert.equal((await ask(url + more)).status, 401, more)
      }
    })
  })

  test('a nickname is changed, and the card stays', async () => {
    await vault(async () => {
      const { card_token } = await add('nick', { nickname: 'Old' })
      assert(card_token)
      const form = { card_token, customer_id: 'nick', nickname: 'New' }
      assert.deepEqual((await caller().call('/card/update', form)).body, {
        card_token,
        user_message: 'Card details updated',
        status: 'SUCCESS',
      })
      const [card] = await listOf('nick')
      assert.deepEqual([card?.['nickname'], card?.['card_token']], ['New', card_token])
      const others = await caller().call('/card/update', { ...form, customer_id: 'other' })
      assert.equal(others.status, 404)
      for (const nickname of ['4242 4242 4242 4242', 'a\u0007b']) {
        assert.equal((await caller().call('/card/update', { ...form, nickname })).status, 400)
      }
    })
  })

  test('a temporary token is stored once, and without its CVV', async () => {
    await vault(async () => {
      const token = await tokenize()
      const { card_token, card_fingerprint } = await add('tokens', { token })
      assert(card_token)
      const again = { customer_id: 'tokens', card_token: token }
      assertUnknown(await caller().call('/cards', again))
      assertUnknown(await startBy(await newOrder(), token))
      const same = { card_number: testCard['card_number'] ?? '' }
      for (const given of [{ card_token }, { card_token: await tokenize() }, same] as Form[]) {
        const { body } = await caller().call('/v2/card/fingerprint', given)
        assert.deepEqual(body, { card_fingerprint, par: '' })
      }
    })
  })
  test('a card that may be kept for four days only is gone after them', async () => {
    const story = async () => {
      const { card_token } = await add('four-days')
      assert(card_token)
      await shop().later(4 * dayMs - minuteMs)
      assert.equal((await listOf('four-days')).length, 1)
      await paid(await startBy(await newOrder('four-days'), card_token))
      await shop().later(minuteMs)
      assert.deepEqual(await listOf('four-days'), [])
      assertUnknown(await startBy(await newOrder('four-days'), card_token))
    }
    await vault(story, { card_retention: 'rbi' })
  })
})
