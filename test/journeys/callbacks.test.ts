import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callBack } from '../bank-callback.ts'
import { challengeIn, minuteMs, onBothEngines, type Shop } from './shop.ts'

/** When the bank takes money it had refused, long before the clock's own first look. */
const lateMs = 5 * minuteMs

const manners = ['callbacks', 'callbacks_twice', 'callbacks_reordered'] as const

/** A payment the bank refuses at first, and of which it calls back in this manner. */
async function refusedAtFirst({ api, mood, newOrder, otp, start }: Shop, manner: string) {
  const order = await newOrder()
  await mood({ mood: manner, next: 'start' })
  const params = challengeIn(await start(order))
  await mood({ mood: 'late_success', next: 'otp' })
  const submitted = await api.submitOtp({ ...params, otp: await otp(params) })
  assert.equal(submitted.status, 'AUTHORIZATION_FAILED')
  return { ...params, order_id: order.order_id }
}

onBothEngines((shop) => {
  for (const manner of manners) {
    test(`${manner}: money that comes late is found at once, and once`, async () => {
      const { becomes, book, events, later } = shop()
      const of = await refusedAtFirst(shop(), manner)
      await later(lateMs)
      const paid = await becomes(of, 'CHARGED')
      assert.deepEqual([paid.txn_uuid, paid.maximum_eligible_refund_amount], [of.id, 100])
      const kindsNow = async () => (await events(of)).map(({ kind }) => kind)
      const kinds = await kindsNow()
      // Of its first no the bank calls back too, and is asked about it where that comes in time.
      const since = ['callback_heard', 'gateway_asked', 'late_charge']
      assert.deepEqual(kinds.slice(-since.length), since)

      // What else the bank had to say of it changes nothing more.
      await later(minuteMs)
      assert.equal((await becomes(of, 'CHARGED')).txn_uuid, of.id)
      assert.deepEqual(await kindsNow(), kinds)
      const { charges, payments, refunds } = await book(of)
      assert.deepEqual([charges, payments.length, refunds], [1, 1, []])
    })
  }

  test('callbacks_forged: nobody hears it; the clock finds the money in its own time', async () => {
    const { becomes, events, later, order } = shop()
    const of = await refusedAtFirst(shop(), 'callbacks_forged')
    await later(lateMs)
    // One that is heard after it, so that the forged one has come.
    const other = await refusedAtFirst(shop(), 'callbacks')
    await later(lateMs)
    await becomes(other, 'CHARGED')
    assert.equal((await order(of)).status, 'AUTHORIZATION_FAILED')
    assert(!(await events(of)).some(({ door }) => door === 'gateway'))
    await later(12 * minuteMs)
    await becomes(of, 'CHARGED')
  })

  test('a callback that says more than the bank does changes nothing', async () => {
    const { challenge, events, happens, order, otp, api, server } = shop()
    const of = await challenge()
    const body = JSON.stringify({
      reference: of.id,
      state: 'charged',
      status: 'CHARGED',
      amount: 10_000,
      captured: 10_000,
    })
    assert.equal((await callBack(server, { body })).status, 200)
    await happens(of, 'gateway_answered')
    assert.equal((await order(of)).status, 'PENDING_VBV')
    const kinds = (await events(of)).map(({ kind }) => kind)
    assert(!kinds.includes('late_charge'))
    assert.equal((await api.submitOtp({ ...of, otp: await otp(of) })).status, 'CHARGED')
  })

  test('the bank hands its page over as HTML; the way back may be a form', async () => {
    const { becomes, mood, newOrder, raw, start } = shop()
    const order = await newOrder({ return_url: 'https://shop.example/back' })
    await mood({ mood: 'page_html', next: 'start' })
    const answer = await start(order, { auth_type: 'THREE_DS' })
    const page = answer.payment?.authentication.url ?? ''
    const shown = await raw(page)
    assert.match(await shown.text(), /DUMMY takes you there/)
    assert.match(shown.headers.get('content-security-policy') ?? '', /form-action 'self'$/)

    const handed = await raw(page, { method: 'POST' })
    assert.equal(handed.status, 200)
    const policy = handed.headers.get('content-security-policy') ?? ''
    assert.match(policy, /; sandbox allow-forms allow-scripts$/)
    assert.deepEqual(
      ['cache-control', 'referrer-policy', 'x-content-type-options'].map((name) =>
        handed.headers.get(name),
      ),
      ['no-store', 'no-referrer', 'nosniff'],
    )
    const [, acs = ''] = /action="([^"]+)"/.exec(await handed.text()) ?? []
    const asked = await raw(acs, { method: 'POST', body: new URLSearchParams({ creq: '1' }) })
    assert.match(await asked.text(), /Approve this payment/)
    const decision = new URLSearchParams({ decision: 'approve' })
    const back = await raw(acs, { method: 'POST', body: decision })
    const finish = back.headers.get('location') ?? ''
    // As gateways post it: fields of theirs, twice, in any words.
    const posted = await raw(finish, {
      method: 'POST',
      body: 'status=success&status=failure&__proto__=x&mihpayid=%',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=windows-1252' },
    })
    assert.equal(posted.status, 303)
    assert.match(posted.headers.get('location') ?? '', /^https:\/\/shop\.example\/back\?/)
    await becomes(order, 'CHARGED')
  })

  test('a form that comes back claims nothing that the bank does not say', async () => {
    const { newOrder, order: statusOf, raw, start } = shop()
    const order = await newOrder()
    const { txn_uuid = '' } = await start(order, { auth_type: 'THREE_DS' })
    const finish = `/v2/pay/finish/demo/${txn_uuid}/${order.order_id}`
    const body = new URLSearchParams({ status: 'success', state: 'charged' })
    assert.equal((await raw(finish, { method: 'POST', body })).status, 200)
    assert.equal((await statusOf(order)).status, 'PENDING_VBV')
    const tooLong = await raw(finish, { method: 'POST', body: 'x'.repeat(64 * 1024 + 1) })
    assert.equal(tooLong.status, 413)
  })
})
