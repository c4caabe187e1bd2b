import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as t from './bank.fixture.ts'
import type { Bank } from './bank.ts'

const decide = (bank: Bank, id: string, decision = 'approve') =>
  t.send(bank, `POST /acs/${id}`, `decision=${decision}`)

const wait = (bank: Bank, ms: number) => t.ask(bank, 'POST /clock', { advance_ms: ms })

async function redirected(changes: object = {}): Promise<{ bank: Bank; id: string }> {
  const bank = t.newBank()
  const { id, state } = await t.start(bank, { auth: 'REDIRECT', ...changes })
  assert.equal(state, 'redirect')
  return { bank, id }
}

test('the page shows what is paid to whom, escaped, and needs no script', async () => {
  const { bank, id } = await redirected({ merchant: '<script>alert(1)</script>' })
  const response = await t.send(bank, `GET /acs/${id}`)
  const html = await response.text()
  const policy = response.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/)
  assert.ok(!html.includes('<script'))
  for (const words of ['&lt;script&gt;', 'Rs 499.00', '1111', 'Approve', 'Cancel']) {
    assert.ok(html.includes(words), words)
  }
  assert.equal(await t.state(bank), 'redirect')
  assert.equal((await t.inbox(bank)).length, 0)
})

test('the amount decides', async () => {
  for (const [amount, state, later] of [
    [1_00, 'charged', 'charged'],
    [499_99, 'charged', 'charged'],
    [500_00, 'declined', 'declined'],
    [699_99, 'declined', 'declined'],
    [700_00, 'pending', 'charged'],
  ] as const) {
    const { bank, id } = await redirected({ amount })
    const response = await decide(bank, id)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), 'http://shop.test/back?x=1')
    assert.equal(await t.state(bank), state)
    await wait(bank, 9_999)
    assert.equal(await t.state(bank), state)
    await wait(bank, 1)
    assert.equal(await t.state(bank), later)
    assert.equal((await t.charges(bank)).length, later === 'charged' ? 1 : 0)
  }
})

test('capture false: held, at once or after pending', async () => {
  for (const amount of [499_00, 700_00]) {
    const { bank, id } = await redirected({ amount, capture: false })
    await decide(bank, id)
    await wait(bank, 10_000)
    assert.equal(await t.state(bank), 'authorized')
  }
})

test('approving twice charges once; cancelling afterwards changes nothing', async () => {
  const { bank, id } = await redirected()
  const answers = await Promise.all([
    decide(bank, id),
    decide(bank, id),
    decide(bank, id, 'cancel'),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [303, 303, 303],
  )
  assert.equal((await t.charges(bank)).length, 1)
  assert.equal(await t.state(bank), 'charged')
  assert.match(await (await t.send(bank, `GET /acs/${id}`)).text(), /This payment is approved/)
})

test('cancel declines', async () => {
  const { bank, id } = await redirected()
  await decide(bank, id, 'cancel')
  const answer = await t.ask(bank, 'GET /payments/by-reference/ref-1')
  assert.deepEqual([answer.state, answer.code], ['declined', 'CANCELLED'])
})

test('after 10 minutes nothing can be approved', async () => {
  const { bank, id } = await redirected()
  await wait(bank, 10 * 60_000)
  await decide(bank, id)
  assert.equal(await t.state(bank), 'expired')
  assert.deepEqual(await t.charges(bank), [])
})

test('the OTP and the page of one payment exclude each other', async () => {
  const otpFirst = t.newBank()
  const one = await t.start(otpFirst)
  assert.equal((await t.submit(otpFirst, one.id, await t.newestOtp(otpFirst))).state, 'charged')
  await decide(otpFirst, one.id)
  assert.equal((await t.charges(otpFirst)).length, 1)

  const pageFirst = t.newBank()
  const two = await t.start(pageFirst)
  await decide(pageFirst, two.id)
  const answer = await t.submit(pageFirst, two.id, await t.newestOtp(pageFirst))
  assert.deepEqual([answer.state, answer.present_state], ['closed', 'charged'])
  assert.equal((await t.charges(pageFirst)).length, 1)
})

test('an unknown link is a 404 page', async () => {
  const response = await t.send(t.newBank(), 'GET /acs/pay_none')
  assert.equal(response.status, 404)
  assert.match(await response.text(), /No such payment/)
})
