import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import type { Engine } from '../../test/support.ts'
import { addMerchant } from '../add-merchant.ts'
import { disableAccount } from '../gateways/keep-accounts.ts'
import type { Outage } from '../gateways/outage.ts'
import { writeOutages } from '../gateways/outages.ts'
import type { MerchantId } from '../ids.ts'
import { announceOutages } from './announce-outages.ts'
import type { Post } from './deliver.ts'
import { readEndpoint } from './endpoint.ts'
import { addEndpoint } from './keep-endpoints.ts'
import { byTest, openPostbox, seen } from './postbox.fixture.ts'
import { redeliver } from './redeliver.ts'

/** A postbox of the merchant `demo`, beside whom there is `shop`; both are at the simulator. */
async function open(t: TestContext, engine: Engine) {
  const box = await openPostbox(engine)
  t.after(() => box.database.close())
  const { world, clock } = box
  const shop = 'shop' as MerchantId
  await addMerchant(world, { id: shop, mode: 'sandbox', at: clock.now })
  const said = readEndpoint({ url: 'http://shop.example/', headers: {} }, 'sandbox')
  assert(!('wrong' in said))
  await addEndpoint(world, shop, { said, ...byTest(box) })
  const write = (opened: readonly Outage[], closed: readonly Outage[] = []) =>
    world.db.tx(async (tx) => writeOutages(tx, { opened, closed, tried: [] }))
  const tell = async () => {
    for (let told = 1; told > 0; ) told = await announceOutages(world)
    box.posts.length = 0
    await box.run()
    return box.posts.map((post) => `${hostOf(post)} ${seen(post).name}`).sort()
  }
  const outage = (more: Partial<Outage> = {}): Outage => ({
    ...{ id: `out_${'a'.repeat(32)}`, scope: 'simulator', network: '', issuer: '', merchant: '' },
    ...{ signal: 'start', since: clock.now, triedAt: clock.now },
    ...more,
  })
  return { box, shop, write, tell, outage }
}

/** Where a post went. */
function hostOf({ target }: Post): string {
  return target.hostname
}

const demo = 'hook.example'

for (const engine of engines) {
  describe(`news of outages on ${engine.name}`, () => {
    test('the beginning and the end are told once, as they are', async (t) => {
      const { box, write, tell, outage } = await open(t, engine)
      await box.add()
      const down = outage({ network: 'VISA', issuer: 'HDFC Bank' })
      await write([down])
      const both = (name: string) => [`${demo} ${name}`, `shop.example ${name}`]
      assert.deepEqual(await tell(), both('GATEWAY_DOWN'))
      const bodies = box.posts.map((post) => seen(post).body)
      const ofDemo = bodies[box.posts.findIndex((post) => hostOf(post) === demo)]
      assert.deepEqual(ofDemo, {
        id: ofDemo.id,
        event_name: 'GATEWAY_DOWN',
        date_created: '2026-11-22T10:00:00Z',
        sequence: 1,
        content: {
          outage: {
            id: down.id,
            payment_method_type: 'CARD',
            payment_method: 'VISA',
            issuer: 'HDFC Bank',
            gateway: 'simulator',
            account: null,
            status: 'DOWN',
            since: '2026-11-22T10:00:00Z',
            until: null,
          },
        },
      })
      // Whose webhook it is is in its id, so that one merchant's says nothing to another.
      assert.equal(new Set(bodies.map(({ id }) => id)).size, 2)
      assert.deepEqual(await tell(), [])
      box.clock.now += 60_000
      await write([], [{ ...down, until: box.clock.now }])
      assert.deepEqual(await tell(), both('GATEWAY_RECOVERED'))
      const [recovered] = box.posts.map((post) => seen(post).body)
      assert.equal(recovered.sequence, 2)
      assert.equal(recovered.date_created, '2026-11-22T10:01:00Z')
      assert.equal(recovered.content.outage.status, 'RECOVERED')
      assert.equal(recovered.content.outage.until, '2026-11-22T10:01:00Z')
      assert.deepEqual(await tell(), [])
    })

    test('many processes tell it once', async (t) => {
      const { box, write, tell, outage } = await open(t, engine)
      await box.add()
      await write([outage()])
      const told = await Promise.all([1, 2, 3].map(() => announceOutages(box.world)))
      assert.deepEqual(told.sort(), [0, 0, 1])
      assert.equal((await tell()).length, 2)
    })

    test('it is told to whom it concerns and who wants to know', async (t) => {
      const { box, shop, write, tell, outage } = await open(t, engine)
      await box.add({ events: 'TXN_FAILED' })
      await box.add({ url: 'http://ops.example/', events: 'GATEWAY_DOWN' })
      await write([outage({ scope: 'demo/simulator', merchant: 'demo' })])
      assert.deepEqual(await tell(), ['ops.example GATEWAY_DOWN'])
      await write([outage({ id: 'out_a', merchant: 'demo' })])
      assert.deepEqual(await tell(), ['ops.example GATEWAY_DOWN'], "another merchant's is up")
      await write([outage({ id: 'out_b', scope: 'nowhere' })])
      assert.deepEqual(await tell(), [])
      const key = { merchant: shop, id: 'simulator' }
      await disableAccount(box.world, key, byTest(box))
      await write([outage({ id: 'out_c' })])
      assert.deepEqual(await tell(), ['ops.example GATEWAY_DOWN'])
      await write([], [outage({ id: 'out_c', until: box.clock.now })])
      assert.deepEqual(await tell(), [])
    })

    test('that nobody knows how it is any more is told nobody', async (t) => {
      const { box, write, tell, outage } = await open(t, engine)
      await box.add()
      const down = outage()
      await write([down])
      assert.equal((await tell()).length, 2)
      await write([], [{ ...down, until: box.clock.now, ending: 'untried' }])
      assert.deepEqual(await tell(), [])
    })

    test('what was not acknowledged is sent again, and as it then is', async (t) => {
      const { box, write, tell, outage } = await open(t, engine)
      await box.add()
      box.answer = () => ({ status: 503, answer: '' })
      const down = outage()
      await write([down])
      await tell()
      box.answer = () => ({ status: 200, answer: '' })
      await write([], [{ ...down, until: box.clock.now }])
      const which = { orderId: down.id }
      const again = { which, now: box.clock.now, endpoint: undefined }
      const redelivered = await redeliver(box.world, box.merchant.id, again)
      assert.deepEqual(redelivered, { count: 1 })
      box.posts.length = 0
      await box.run()
      const [post] = box.posts.map((one) => seen(one).body)
      assert.equal(post.event_name, 'GATEWAY_DOWN')
      assert.equal(post.content.outage.status, 'RECOVERED')
    })
  })
}
