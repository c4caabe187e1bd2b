import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { OrderAnswer } from '../../sdk/src/directotp.ts'
import { type MerchantId, shardOf } from '../../src/ids.ts'
import { insertMerchant } from '../../src/merchants/merchants.ts'
import { cards, minuteMs, onBothEngines, type Shop } from './shop.ts'
import {
  cardForm,
  type Form,
  hrefOf,
  opened,
  otpForm,
  type Page,
  returnUrl,
  seenOf,
  step,
  visit,
  wayOf,
} from './visitor.ts'

/** A session, as shops open it that know nothing else, and the page that it leads to. */
async function session({ server }: Shop, order: Form): Promise<OrderAnswer> {
  const answer = await fetch(`${server.url}/session`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${server.key}:`).toString('base64')}` },
    body: new URLSearchParams({ amount: '100.00', action: 'paymentPage', ...order }),
  })
  assert.equal(answer.status, 200)
  return (await answer.json()) as OrderAnswer
}

onBothEngines((shop) => {
  before(async () => {
    const { db } = shop().server
    await db.tx(async (t) => insertMerchant(t, 'other' as MerchantId, 0))
  })

  test('a session, its page, a card, an OTP, and back to the shop: paid once', async () => {
    const { book, inbox, order: statusOf, raw } = shop()
    const fields = { description: 'Two lamps <b>', return_url: returnUrl }
    const customer = { customer_email: 'asha@example.com', customer_phone: '9876543210' }
    const order = await session(shop(), { order_id: 'page-1', ...fields, ...customer })
    const page = await visit(shop(), order.payment_links.web)
    assert.equal(page.status, 200)
    for (const word of ['₹100.00', 'demo', 'page-1', 'Two lamps &lt;b&gt;', 'Test mode']) {
      assert(page.text.includes(word), word)
    }
    for (const word of ['asha@example.com', '9876543210', '<script']) {
      assert(!page.text.includes(word), word)
    }
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'; form-action 'self'$/)
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.equal(
      page.headers.get('referrer-policy'),
      'same-origin',
      'else its forms have no origin',
    )
    for (const name of ['cc-number', 'cc-exp', 'cc-csc', 'cc-name']) {
      assert(page.text.includes(`autocomplete="${name}"`), name)
    }

    const posted = await step(shop(), page.at, cardForm(page, cards.inbox))
    const { txn_uuid: id = '' } = await statusOf(order)
    assert.deepEqual([posted.status, posted.to], [303, `${page.at}/otp/${id}`])
    const otpPage = await visit(shop(), posted.to)
    assert.match(otpPage.text, /An OTP was sent.*card ending in\s+1111/s)
    assert.match(otpPage.text, /3 attempts left/)
    assert.match(otpPage.text, /autocomplete="one-time-code"/)

    const [otp = ''] = await inbox({ id })
    const done = await visit(shop(), otpPage.at, otpForm(otpPage, otp))
    assert.equal(done.status, 200)
    assert.match(done.text, /<strong>Paid\.<\/strong>/)
    const finish = hrefOf(done, 'Back to the shop')
    assert(done.text.includes(`http-equiv="refresh" content="3; url=${finish}"`))
    const back = new URL(wayOf(await raw(finish)))
    const told = Object.fromEntries(back.searchParams)
    assert.equal(back.origin, 'https://shop.example')
    assert.deepEqual([told['cart'], told['order_id'], told['status']], ['7', 'page-1', 'CHARGED'])
    assert(told['signature'])
    assert.equal((await book(order)).charges, 1)
  })

  test('an OTP that is wrong, then none at all, then right', async () => {
    const { book, order: statusOf, otp, wrongOtp } = shop()
    const { order, otpPage, id } = await opened(shop())
    const wrong = await visit(shop(), otpPage.at, otpForm(otpPage, await wrongOtp({ id })))
    assert.match(wrong.text, /That OTP is not right/)
    assert.match(wrong.text, /2 attempts left/)
    const none = await visit(shop(), wrong.at, otpForm(wrong, '12'))
    assert.deepEqual([none.status, /4 to 10 digits/.test(none.text)], [400, true])
    assert.match(none.text, /2 attempts left/)
    const done = await visit(shop(), none.at, otpForm(none, await otp({ id })))
    assert.match(done.text, /Paid/)
    assert.equal((await statusOf(order)).status, 'CHARGED')
    assert.equal((await book(order)).payments[0]?.guesses, 2)
  })

  test('after too many wrong OTPs the order can be paid again by another card', async () => {
    const { book, order: statusOf, otp, wrongOtp } = shop()
    const { order, otpPage, id } = await opened(shop())
    let page = otpPage
    for (let i = 0; i < 3; i++) {
      page = await visit(shop(), page.at, otpForm(page, await wrongOtp({ id })))
    }
    assert.match(page.text, /not confirmed\.<\/strong> The OTP was wrong too many times/)
    assert.doesNotMatch(page.text, /http-equiv/)
    const told = new URL(wayOf(await shop().raw(hrefOf(page, 'Back to the shop'))))
    assert.equal(told.searchParams.get('status'), 'AUTHENTICATION_FAILED')
    const again = await visit(shop(), hrefOf(page, 'Try again'))
    assert.match(again.text, /was not confirmed.*You can try again/s)
    const second = await visit(shop(), again.at, cardForm(again, cards.inbox))
    const { txn_uuid = '' } = await statusOf(order)
    const done = await visit(shop(), second.at, otpForm(second, await otp({ id: txn_uuid })))
    assert.match(done.text, /Paid/)
    assert.equal((await book(order)).charges, 1)
  })

  test('a card whose payment is locked, and one that is declined at once', async () => {
    const { otp } = shop()
    const { otpPage, id } = await opened(shop(), cards.locked)
    const locked = await visit(shop(), otpPage.at, otpForm(otpPage, await otp({ id })))
    assert.match(locked.text, /not confirmed.*Try again/s)
    const declined = await opened(shop(), cards.startDeclined)
    assert.equal(declined.otpPage.status, 200)
    assert.match(declined.otpPage.text, /Try again/)
    const poor = await opened(shop(), cards.insufficientFunds)
    const form = otpForm(poor.otpPage, await otp({ id: poor.id }))
    assert.match((await visit(shop(), poor.otpPage.at, form)).text, /not enough money/)
  })

  test("a card without OTP goes on at the bank's page, and back from there", async () => {
    const { newOrder, order: statusOf, raw, server } = shop()
    const order = await newOrder({ return_url: returnUrl })
    const form = await visit(shop(), order.payment_links.web)
    const posted = await step(shop(), form.at, cardForm(form, cards.ineligible))
    const { txn_uuid: id = '' } = await statusOf(order)
    assert.deepEqual([posted.status, posted.to], [303, `${server.url}/v2/pay/start/demo/${id}`])
    const own = await step(shop(), `${form.at}/otp/${id}`)
    assert.deepEqual([own.status, own.to], [302, posted.to])
    assert.equal(hrefOf(await visit(shop(), form.at), 'Continue at your bank'), posted.to)
    const acs = wayOf(await raw(posted.to, { method: 'POST' }))
    const body = new URLSearchParams({ decision: 'approve' })
    const back = wayOf(await raw(acs, { method: 'POST', body }))
    assert.match(wayOf(await raw(back)), /status=CHARGED/)
  })

  test('the challenge runs out of time: the page asks the bank and says so', async () => {
    const { later, otp } = shop()
    const { otpPage, form, id } = await opened(shop())
    const answer = otpForm(otpPage, await otp({ id }))
    await later(6 * minuteMs)
    const late = await visit(shop(), otpPage.at, answer)
    assert.match(late.text, /The time to confirm it was over/)
    assert.match((await visit(shop(), form.at)).text, /You can try again/)
  })

  test('clicking twice, and reloading, begins one payment and spends one attempt', async () => {
    const { book, events, inbox, newOrder, order: statusOf, wrongOtp } = shop()
    const order = await newOrder({ return_url: returnUrl })
    const form = await visit(shop(), order.payment_links.web)
    const clicks = Array.from({ length: 4 }, () =>
      step(shop(), form.at, cardForm(form, cards.inbox)),
    )
    const ways = new Set((await Promise.all(clicks)).map(({ status, to }) => `${status} ${to}`))
    const { txn_uuid: id = '' } = await statusOf(order)
    const at = `${form.at}/otp/${id}`
    assert.deepEqual([...ways], [`303 ${at}`])
    assert.equal((await step(shop(), form.at, cardForm(form, cards.inbox))).to, at)
    assert.equal((await inbox({ id })).length, 1)

    const otpPage = await visit(shop(), at)
    for (const otp of [await wrongOtp({ id }), (await inbox({ id }))[0] ?? '']) {
      const shown = await visit(shop(), at)
      const answers = Array.from({ length: 4 }, () => visit(shop(), at, otpForm(shown, otp)))
      await Promise.all(answers)
    }
    assert.match((await visit(shop(), otpPage.at)).text, /Paid/)
    const { payments, charges } = await book(order)
    assert.deepEqual([payments.length, payments[0]?.guesses, charges], [1, 2, 1])
    const kinds = (await events(order)).map(({ kind }) => kind)
    assert.equal(kinds.filter((kind) => kind === 'txn_started').length, 1)
  })

  test('a form that is not up to date does not pay by another card than it says', async () => {
    const { book } = shop()
    const { order, form } = await opened(shop())
    const stale = await step(shop(), form.at, cardForm(form, cards.documented))
    assert.deepEqual([stale.status, /enter your card again/.test(stale.text)], [409, true])
    const fresh = await visit(shop(), form.at, cardForm(stale, cards.documented))
    assert.match(fresh.text, /card ending in\s+4242/)
    assert.equal((await book(order)).payments.length, 2)
    assert.match((await visit(shop(), form.at)).text, /An OTP was sent.*4242.*Enter it/s)
  })

  test('the OTP is sent again, and no more than is allowed', async () => {
    const { inbox, withSettings } = shop()
    const { otpPage, id } = await opened(shop())
    const resend = `${otpPage.at}/resend`
    const send = (page: Page) => visit(shop(), resend, { seen: seenOf(page, resend) })
    const second = await send(otpPage)
    assert.match(second.text, /A new OTP was sent \(2 of 3\)/)
    await send(otpPage)
    assert.equal((await inbox({ id })).length, 2, 'a second click sends none')
    await withSettings({ resend_cooldown_seconds: 3_000 }, async () => {
      const soon = await send(second)
      assert.equal(soon.status, 400)
      assert.match(soon.text, /Please wait (3000|29\d\d) seconds before/)
    })
    const third = await send(second)
    assert.doesNotMatch(third.text, /Send again/)
    assert.match(third.text, /Confirm at my bank instead/)
  })

  test('what is wrong with a card is said, and only expiry and name come back', async () => {
    const { events, newOrder } = shop()
    const order = await newOrder()
    const form = await visit(shop(), order.payment_links.web)
    const wrong: readonly (readonly [Form, RegExp])[] = [
      [{ card_number: '' }, /enter your card number/],
      [{ card_number: '4111 1111 1111 1112' }, /not a card number/],
      [{ card_exp: '' }, /expiry of your card as MM\/YY/],
      [{ card_exp: '13/40' }, /as MM\/YY/],
      [{ card_exp: '12' }, /as MM\/YY/],
      [{ card_number: '4263 9700 0000 5262', card_exp: '0120' }, /has expired/],
      [{ card_security_code: '12' }, /CVV has 3 digits/],
      [{ card_security_code: '' }, /enter the CVV/],
      [{ name_on_card: 'Asha 4111' }, /name as it is printed/],
    ]
    for (const [fields, words] of wrong) {
      const page = await step(shop(), form.at, cardForm(form, cards.inbox, fields))
      assert.equal(page.status, 400, JSON.stringify(fields))
      assert.match(page.text, words)
      assert.match(page.text, /aria-invalid="true" aria-describedby="fault" autofocus/)
      const kept = [...page.text.matchAll(/<input id="(\w+)"[^>]*?value="([^"]*)"/g)]
      const values = Object.fromEntries(kept.map(([, name = '', value]) => [name, value]))
      assert.deepEqual(Object.keys(values), ['card_exp', 'name_on_card'])
      if (!fields['card_exp'] && fields['card_exp'] !== '')
        assert.equal(values['card_exp'], '12/40')
      const name = fields['name_on_card'] ? '' : 'Asha Rao'
      assert.equal(values['name_on_card'], name)
      assert.doesNotMatch(page.text, /4111 ?1111|\b739\b/)
    }
    assert.equal((await events(order)).length, 1)
  })

  test('what a bank leaves unanswered is looked at until it is known', async () => {
    const { book, later, mood, otp, timeless } = shop()
    const reset = '4000001100000009'
    const { order, form, otpPage, id } = await opened(shop(), reset)
    await mood({ mood: 'http_500', on: 'sync', card: reset, times: 2 })
    const answer = otpForm(otpPage, await otp({ id }))
    const asked = await visit(shop(), otpPage.at, answer)
    const from = await visit(shop(), form.at)
    for (const page of [asked, from]) {
      assert.equal(page.at, otpPage.at)
      assert.match(page.text, /is being checked\.<\/strong>\s+Please do not pay again/)
      assert.match(page.text, /http-equiv="refresh" content="5"/)
      assert.doesNotMatch(page.text, /<form|Use another card/)
    }
    const known = await visit(shop(), asked.at)
    assert.match(known.text, /<strong>Paid\./)
    assert.equal((await book(order)).charges, 1)

    await timeless(async () => {
      const begun = await opened(shop(), cards.startTimeout)
      assert.match(begun.otpPage.text, /is being checked.*Use another card/s)
      assert.equal(hrefOf(await visit(shop(), begun.form.at), 'Look now'), begun.otpPage.at)
      await later(minuteMs)
      const look = () => visit(shop(), begun.otpPage.at)
      for (const page of await Promise.all([look(), look(), look()])) {
        assert.match(page.text, /one-time-code/, 'whoever looks beside another waits')
      }
    })
  })

  test('a paid order asks for no card, and says the way back', async () => {
    const { api, book, inbox, newOrder, order: statusOf, raw } = shop()
    const { order, form, otpPage, id } = await opened(shop())
    const [otp = ''] = await inbox({ id })
    await visit(shop(), otpPage.at, otpForm(otpPage, otp))
    for (const page of [await visit(shop(), form.at), await visit(shop(), otpPage.at)]) {
      assert.match(page.text, /<strong>Paid\./)
      assert.doesNotMatch(page.text, /<form/)
      assert.match(wayOf(await raw(hrefOf(page, 'Back to the shop'))), /status=CHARGED/)
    }
    const late = await visit(shop(), form.at, cardForm(form, cards.documented))
    assert.match(late.text, /<strong>Paid\./)
    assert.equal((await book(order)).payments.length, 1)
    assert.equal((await statusOf(order)).status, 'CHARGED')

    const without = await newOrder()
    await api.startPayment({ ...cardOf(without), order_id: without.order_id })
    const page = await visit(shop(), without.payment_links.web)
    assert.match(page.text, /An OTP was sent for your\s+card ending in\s+4242/)
  })

  test('links of another order lead nowhere, and foreign pages post nothing', async () => {
    const { events, otp } = shop()
    const { order, form, otpPage, id } = await opened(shop())
    const other = await opened(shop(), cards.inbox, twinOf(order))
    const unknown = await step(shop(), `/merchant/pay/demo/ord_${'0'.repeat(32)}`)
    assert.equal(unknown.status, 404)
    const before = await events(order)
    const never = `txn_${'0'.repeat(35)}`
    const { pathname } = new URL(form.at)
    const strange = [
      pathname.replace('/demo/', '/other/'),
      ...[other.id, never, `demo-${order.order_id}-1`, 'x'].map((txn) => `${pathname}/otp/${txn}`),
    ]
    for (const path of strange) {
      for (const fields of [undefined, otpForm(otpPage, await otp({ id }))]) {
        const seen = await step(shop(), path, fields)
        assert.deepEqual([seen.status, seen.text], [404, unknown.text], path)
      }
    }
    assert.equal((await step(shop(), `${pathname}/otp/${other.id}/resend`, {})).status, 404)
    for (const origin of ['https://evil.example', 'null']) {
      const forms: readonly (readonly [string, Form])[] = [
        [form.at, cardForm(form, cards.inbox)],
        [otpPage.at, otpForm(otpPage, await otp({ id }))],
        [`${otpPage.at}/resend`, { seen: '1' }],
      ]
      for (const [at, fields] of forms) {
        assert.equal((await step(shop(), at, fields, { origin })).status, 403)
      }
    }
    assert.deepEqual(await events(order), before)
    const origin = shop().server.url
    const fields = otpForm(otpPage, await otp({ id }))
    assert.equal((await step(shop(), otpPage.at, fields, { origin })).status, 303)
    assert.equal((await shop().order(order)).status, 'CHARGED')
  })

  test('a changed amount closes the OTP page and is what the order asks for then', async () => {
    const { api } = shop()
    const { order, form, otpPage } = await opened(shop())
    await api.updateOrder(order.order_id, { amount: '90.00' })
    const page = await visit(shop(), otpPage.at, { seen: '0', otp: '123456' })
    assert.match(page.text, /The amount has changed/)
    assert.match((await visit(shop(), form.at)).text, /Pay ₹90\.00/)
  })
})

/** An id by which an order lives in the same shard, so that only its name tells it apart. */
function twinOf({ order_id }: OrderAnswer): string {
  const shard = (id: string) => shardOf('demo' as MerchantId, id)
  for (let i = 0; ; i++) if (shard(`twin-${i}`) === shard(order_id)) return `twin-${i}`
}

function cardOf({ order_id }: { order_id: string }) {
  return {
    order_id,
    auth_type: 'OTP' as const,
    card_number: cards.documented,
    card_exp_month: '12',
    card_exp_year: '40',
    card_security_code: '123',
  }
}
