import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cards, challengeIn, dayMs, onBothEngines, pageIn, type Shop } from './shop.ts'

/**
 * Pays with the card that the bank does no OTP for, up to the bank's own page; gives the way that
 * the server chose at first.
 */
async function wayOf({ newOrder, order, raw, server, start }: Shop): Promise<string> {
  const placed = await newOrder()
  const page = pageIn(await start(placed, { card_number: cards.ineligible }))
  const pressed = await raw(page, { method: 'POST' })
  const body = new URLSearchParams({ decision: 'approve' })
  const back = await raw(pressed.headers.get('location') ?? '', { method: 'POST', body })
  await raw(back.headers.get('location') ?? '')
  assert.equal((await order(placed)).status, 'CHARGED')
  const answer = await raw(`/console/orders/${placed.order_id}`, {
    headers: { authorization: `Basic ${btoa(server.key)}` },
  })
  const { events } = (await answer.json()) as { events: { kind: string; details: object }[] }
  const begun = events.find(({ kind }) => kind === 'txn_started')
  assert(begun && 'way' in begun.details)
  return String(begun.details.way)
}

onBothEngines((shop) => {
  test("a card without Direct OTP pays at the bank's page, from then on at once", async () => {
    const { later, newOrder, start, withSettings } = shop()
    await withSettings({ no_otp_hours: 24 }, async () => {
      await later(dayMs)
      assert.equal(await wayOf(shop()), 'OTP')
      assert.equal(await wayOf(shop()), 'REDIRECT')
      assert.equal(challengeIn(await start(await newOrder())).auth_type, 'OTP')
      await later(dayMs)
      assert.equal(await wayOf(shop()), 'OTP')
    })
  })

  test('a shop that wants the bank to be asked each time has it so', async () => {
    const { later, withSettings } = shop()
    await withSettings({ no_otp_hours: 0 }, async () => {
      await later(dayMs)
      assert.equal(await wayOf(shop()), 'OTP')
      assert.equal(await wayOf(shop()), 'OTP')
    })
  })
})
