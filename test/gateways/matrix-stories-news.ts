import assert from 'node:assert/strict'
import type { Access } from '../../src/gateways/gateway.ts'
import type { News } from '../../src/gateways/news.ts'
import type { Txn } from '../../src/payments/txn.ts'
import type { SignedCallback } from './fake.ts'
import { day, minute, type Shop } from './matrix-shop.ts'
import type { Ending, Story } from './matrix-story.ts'

/** What a gateway posts to us of a payment and of its refund. */
export const newsStories: readonly Story[] = [
  {
    name: 'callbacks name our payment, twice and in any order',
    play: async (shop) => {
      const { ending, txn, posted, access } = await refundedPayment(shop)
      const heard = (callbacks: readonly SignedCallback[]) =>
        callbacks.map((one) => hear(shop, one, access))
      const news = heard(posted)
      for (const one of news) {
        assert(one.kind === 'news' || one.kind === 'hint', one.kind)
        assert(one.reference.startsWith(txn.id.slice(0, 'txn_'.length + 24)), one.reference)
      }
      const ids = news.map(({ kind, ...rest }) => ('id' in rest ? rest.id : kind))
      assert.equal(new Set(ids).size, posted.length, 'each event has an id of its own')
      const again = await callbacksOf(shop, txn)
      assert.deepEqual(heard(again.toReversed()), news.toReversed())
      await shop.pass(ending.order, 2 * day)
      return ending
    },
  },
  {
    name: 'callbacks that somebody else signed are forged',
    play: async (shop) => {
      const { ending, posted, access } = await refundedPayment(shop)
      const [first] = posted
      assert(first)
      for (const forged of [
        { ...first, body: first.body.replace(/\d(?=\D*$)/, (digit) => `${9 - Number(digit)}`) },
        { ...first, body: '' },
        { ...first, body: '{"' },
      ]) {
        assert.deepEqual(hear(shop, forged, access), { kind: 'forged' })
      }
      const others = Object.entries(access.credentials).map(([name, it]) => [name, `${it}x`])
      const other = { ...access, credentials: Object.fromEntries(others) }
      assert.deepEqual(hear(shop, first, other), { kind: 'forged' })
      const bare = { ...access, credentials: {} }
      assert.deepEqual(hear(shop, first, bare), { kind: 'forged' })
      await shop.pass(ending.order, 2 * day)
      return ending
    },
  },
  {
    name: 'an old callback is no more than an old one',
    play: async (shop) => {
      const { ending, posted, access } = await refundedPayment(shop)
      await shop.pass(ending.order, 30 * day)
      for (const one of posted) {
        assert(['stale', 'news', 'hint'].includes(hear(shop, one, access).kind))
      }
      return ending
    },
  },
]

interface Told {
  readonly ending: Ending
  readonly txn: Txn
  readonly posted: readonly SignedCallback[]
  readonly access: Access
}

async function refundedPayment(shop: Shop): Promise<Told> {
  const order = await shop.order()
  const txn = await shop.submit(await shop.pay(order))
  await shop.refund(order, 'r-1', 4_000)
  // Shorter than any gateway's replay window.
  await shop.pass(order, 2 * minute)
  const posted = await callbacksOf(shop, txn)
  assert(posted.length > 0, 'the gateway posts something')
  return { ending: { order }, txn, posted, access: await shop.access() }
}

async function callbacksOf(shop: Shop, txn: Txn): Promise<readonly SignedCallback[]> {
  const [booked] = await shop.booked(txn)
  assert(booked)
  return shop.fake.callbacksOf(booked.reference)
}

function hear({ gateway, clock }: Shop, { headers, body }: SignedCallback, access: Access): News {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return gateway.hearCallback(
    { headers: Object.fromEntries(lower), body: Buffer.from(body), now: clock.now },
    access,
  )
}
