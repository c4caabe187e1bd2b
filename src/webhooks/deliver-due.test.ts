import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { engines } from '../../test/databases.ts'
import { anOrder, by } from '../../test/world.ts'
import { addMerchant } from '../add-merchant.ts'
import type { MerchantId } from '../ids.ts'
import { paise } from '../money.ts'
import { createOrder } from '../payments/create-order.ts'
import { eventsOf } from '../payments/events.ts'
import { announceOnce } from './announce.ts'
import { openPostman } from './deliver-due.ts'
import { endpointsOf, setCircuit } from './endpoints.ts'
import { addEndpoint, rotateSecret } from './keep-endpoints.ts'
import { byTest, happen, openPostbox, type Postbox, paidOrder, seen } from './postbox.fixture.ts'

const down = { status: 503, answer: 'down' }
const names = (box: Postbox) => box.posts.map((post) => seen(post).name)

for (const engine of engines) {
  describe(`webhooks on ${engine.name}`, () => {
    test('a payment is told to every endpoint that wants it, once, under one id', async () => {
      const box = await openPostbox(engine)
      await box.add({ url: 'http://all.example/' })
      await box.add({ url: 'http://some.example/', events: 'ORDER_SUCCEEDED' })
      await paidOrder(box, 'one')
      await box.run()
      await box.run()
      const at = (host: string) =>
        box.posts.filter(({ target }) => target.hostname === host).map(seen)
      const all = at('all.example')
      assert.deepEqual(all.map(({ name }) => name).sort(), [
        'ORDER_SUCCEEDED',
        'TXN_CHARGED',
        'TXN_CREATED',
      ])
      const [some, ...more] = at('some.example')
      assert.equal(more.length, 0)
      const same = all.find(({ name }) => name === 'ORDER_SUCCEEDED')
      assert.equal(some?.id, same?.id)
      assert.equal(new Set(all.map(({ id }) => id)).size, 3)
      assert((await box.deliveries('one')).every(({ deliveredAt }) => deliveredAt !== undefined))
      await box.database.close()
    })

    test('each tells the whole order with its newest number, and a charge its txn', async () => {
      const box = await openPostbox(engine)
      await box.add()
      await paidOrder(box, 'whole')
      await box.run()
      const events = await eventsOf(box.world.db.read, box.orderKey('whole'))
      for (const { body, id } of box.posts.map(seen)) {
        assert.match(id, /^evt_V2_[0-9a-f]{32}$/)
        assert.match(body.date_created, /^2026-11-22T10:00:00Z$/)
        assert.equal(body.sequence, events.length)
        assert.equal(body.content.order.order_id, 'whole')
        assert.equal(body.content.order.status, 'CHARGED')
        assert.equal('txn' in body.content, body.event_name === 'TXN_CHARGED')
        if (body.event_name !== 'TXN_CHARGED') continue
        assert.equal(body.content.txn.txn_uuid, body.content.order.txn_uuid)
        assert.equal(body.content.txn.status, 'CHARGED')
        assert.equal(body.content.txn.card.last_four_digits, '4242')
        assert.equal(body.content.txn.payment_gateway_response.epg_txn_id, 'pay_whole')
      }
      await box.database.close()
    })

    test('it is signed, with Basic auth and headers, and with two secrets for a day', async () => {
      const box = await openPostbox(engine)
      const first = await box.add({
        user: 'shop',
        password: 'pass',
        headers: { 'X-Shop': 'blue' },
      })
      await anOrder(box, 'signed')
      const sent = async () => {
        // The verifier knows the real time only.
        box.clock.now = Math.max(box.clock.now, Date.now())
        await happen(box, 'signed')
        await box.run()
        const post = box.posts.at(-1)
        assert(post)
        return post
      }
      const post = await sent()
      assert.equal(post.headers['Authorization'], `Basic ${btoa('shop:pass')}`)
      assert.equal(post.headers['X-Shop'], 'blue')
      assert.equal(post.headers['Content-Type'], 'application/json')
      const timestamp = Math.floor(box.clock.now / 1_000)
      assert.equal(post.headers['webhook-timestamp'], String(timestamp))
      const verify = (secret: string, { body, headers }: typeof post) => {
        const signed = new Webhook(secret).sign(
          String(headers['webhook-id']),
          new Date(Number(headers['webhook-timestamp']) * 1_000),
          body,
        )
        return headers['webhook-signature']?.split(' ').includes(signed)
      }
      assert(verify(first.secret.reveal(), post))
      const key = first.endpoint
      const second = await rotateSecret(box.world, key, byTest(box))
      assert(second)
      const both = await sent()
      assert(verify(first.secret.reveal(), both) && verify(second.secret.reveal(), both))
      box.clock.now += 86_400_000
      const after = await sent()
      assert(!verify(first.secret.reveal(), after) && verify(second.secret.reveal(), after))
      await box.database.close()
    })

    test("the order's own URL is told everything, signed with one secret", async () => {
      const box = await openPostbox(engine)
      const fields = { 'metadata.webhook_url': 'http://own.example/hook' }
      const { world, merchant } = box
      for (const orderId of ['own-1', 'own-2']) {
        const order = { ...box.orderKey(orderId), amount: paise(10_000), currency: 'INR', fields }
        await createOrder(world, merchant, { order, ifDifferent: 'refuse', by })
        await happen(box, orderId)
      }
      await box.run()
      assert.deepEqual(
        box.posts.map(({ target }) => target.url.href),
        ['http://own.example/hook', 'http://own.example/hook'],
      )
      const [endpoint, ...more] = await endpointsOf(world.db.read, world.seal, merchant.id)
      assert.equal(endpoint?.id, 'order')
      assert.equal(more.length, 0)
      const [post] = box.posts
      assert(post)
      const secret = endpoint.access.secrets[0]?.secret.reveal() ?? ''
      assert.equal(
        post.headers['webhook-signature'],
        new Webhook(secret).sign(seen(post).id, new Date(box.clock.now), post.body),
      )
      // Gone is for this URL only; a failure has its ladder and no circuit.
      box.answer = () => ({ status: 410, answer: '' })
      await happen(box, 'own-1')
      await box.run()
      assert.equal((await box.deliveries('own-1')).at(-1)?.givenUpAt, box.clock.now)
      box.answer = () => down
      for (let i = 0; i < 6; i++) await happen(box, 'own-2')
      await box.run()
      assert.equal(box.posts.length, 9)
      const waiting = (await box.deliveries('own-2')).filter(({ dueAt }) => dueAt !== undefined)
      assert(waiting.every(({ dueAt }) => dueAt === box.clock.now + 60_000))
      assert.equal(waiting.length, 6)
      await box.database.close()
    })

    test('a merchant without endpoints is announced nothing', async () => {
      const box = await openPostbox(engine)
      await paidOrder(box, 'quiet')
      assert.equal(await announceOnce(box.world, assert.ifError), 0)
      await box.add()
      await paidOrder(box, 'loud')
      await box.run()
      assert(box.posts.every((post) => seen(post).body.content.order.order_id === 'loud'))
      const other = await endpointsOf(box.world.db.read, box.world.seal, 'shop' as MerchantId)
      assert.deepEqual(other, [])
      await box.database.close()
    })

    test('in whatever order they arrive, the highest number is the last state', async () => {
      const box = await openPostbox(engine)
      await box.add()
      box.answer = () => down
      await paidOrder(box, 'shuffled')
      await box.run()
      await happen(box, 'shuffled')
      await box.run()
      box.answer = () => ({ status: 200, answer: '' })
      box.clock.now += 60_000
      await box.run()
      const last = (await eventsOf(box.world.db.read, box.orderKey('shuffled'))).at(-1)?.seq
      const bodies = box.posts.map((post) => seen(post).body)
      for (let turn = 0; turn < bodies.length; turn++) {
        const shuffled = [...bodies.slice(turn), ...bodies.slice(0, turn).reverse()]
        let kept = { sequence: 0, content: { order: { status: '' } } }
        for (const body of shuffled) if (body.sequence > kept.sequence) kept = body
        assert.equal(kept.sequence, last)
        assert.equal(kept.content.order.status, 'CHARGED')
      }
      await box.database.close()
    })

    test('an endpoint that never answers holds up nobody else', async () => {
      const box = await openPostbox(engine)
      await box.add({ url: 'http://slow.example/' })
      const silence = Promise.withResolvers<typeof down>()
      box.answer = ({ target }) =>
        target.hostname === 'slow.example' ? silence.promise : { status: 200, answer: '' }
      await anOrder(box, 'crowd')
      const crowd = async () => {
        for (let i = 0; i < 100; i++) await happen(box, 'crowd')
        await announceOnce(box.world, assert.ifError)
      }
      // What waits for the slow one has been due for longer.
      await crowd()
      box.clock.now += 1
      await box.add({ url: 'http://quick.example/' })
      await crowd()
      const at = (host: string) => box.posts.filter(({ target }) => target.hostname === host)
      while (at('quick.example').length < 100) {
        await box.postman.once(assert.ifError)
        // The scripted sleep takes no time, in which nothing could end.
        await new Promise(setImmediate)
      }
      // Until it has shown that it is quick, it gets two at a time.
      assert.equal(at('slow.example').length, 2)
      silence.resolve(down)
      await box.postman.settled()
      await box.database.close()
    })

    test("ten merchants' slow endpoints leave room for another's quick one", async () => {
      const box = await openPostbox(engine)
      const { db, seal } = box.world
      const of = async (name: string, hosts: readonly string[]) => {
        const id = name as MerchantId
        await addMerchant({ db, seal }, { id, mode: 'sandbox', at: 0 })
        const theirs = { ...box, merchant: { ...box.merchant, id } }
        for (const host of hosts) {
          const said = { url: `http://${host}/`, events: [], headers: {} }
          await addEndpoint(box.world, id, { said, now: 0, actor: 'test' })
        }
        await anOrder(theirs, name)
        for (let i = 0; i < 5; i++) await happen(theirs, name)
        await announceOnce(box.world, assert.ifError)
      }
      const late = Promise.withResolvers<{ status: number; answer: string }>()
      box.answer = ({ target }) =>
        target.hostname === 'quick.example' ? { status: 200, answer: '' } : late.promise
      const hosts = ['a.example', 'b.example', 'c.example', 'd.example']
      for (let i = 0; i < 10; i++) await of(`slow-${i}`, hosts)
      // In no time at all nobody becomes slow by waiting for the database.
      const postman = openPostman({ ...box.world, elapsed: () => 0 }, box.line)
      for (let i = 0; i < 3; i++) await postman.once(assert.ifError)
      box.clock.now += 1
      await of('quick', ['quick.example'])
      const arrived = () => box.posts.filter(({ target }) => target.hostname === 'quick.example')
      while (arrived().length < 5) {
        await postman.once(assert.ifError)
        await new Promise(setImmediate)
      }
      assert.equal(box.posts.length, 45)
      late.resolve({ status: 200, answer: '' })
      await postman.settled()
      await box.database.close()
    })

    test('what waits for a paused endpoint is neither read nor written for others', async () => {
      const box = await openPostbox(engine)
      const { endpoint } = await box.add({ url: 'http://paused.example/' })
      await anOrder(box, 'paused')
      const { shard, merchant, orderId } = box.orderKey('paused')
      await box.world.db.tx(async (t) => {
        for (let i = 0; i < 1_000; i++) {
          t.put(
            `insert into deliveries (shard, merchant, order_id, seq, name, endpoint, id, attempts,
               lease, due_at, created_at)
             values ($1, $2, $3, $4, 'TXN_CREATED', $5, $6, 0, 0, $7, 0)`,
            [shard, merchant, orderId, 1_000 + i, endpoint.id, `e${i}`, box.clock.now],
          )
        }
        const pausedUntil = box.clock.now + 60_000
        setCircuit(t, endpoint, { failures: 5, pausedUntil })
      })
      box.clock.now += 1
      await box.add({ url: 'http://other.example/' })
      await happen(box, 'paused')
      await announceOnce(box.world, assert.ifError)
      const looked: number[] = []
      const read: typeof box.world.db.read = async (sql, values) => {
        const rows = await box.world.db.read(sql, values)
        looked.push(rows.length)
        return rows
      }
      const postman = openPostman({ ...box.world, db: { ...box.world.db, read } }, box.line)
      assert.equal(await postman.once(assert.ifError), 1)
      assert(looked.every((rows) => rows <= 1))
      await postman.settled()
      assert.deepEqual(
        box.posts.map(({ target }) => target.hostname),
        ['other.example'],
      )
      const all = await box.deliveries('paused')
      assert(all.filter((one) => one.endpoint === endpoint.id).every(({ lease }) => lease === 0))
      await box.database.close()
    })

    test("a signature has the machine's time, whatever the bank's clock says", async () => {
      const box = await openPostbox(engine)
      await box.add()
      await anOrder(box, 'moved')
      await happen(box, 'moved')
      const machine = Date.UTC(2026, 0, 1)
      const postman = openPostman(box.world, { ...box.line, now: () => machine })
      await announceOnce(box.world, assert.ifError)
      await postman.once(assert.ifError)
      await postman.settled()
      assert.equal(box.posts[0]?.headers['webhook-timestamp'], String(machine / 1_000))
      assert.equal((await box.deliveries('moved'))[0]?.deliveredAt, box.clock.now)
      await box.database.close()
    })

    test('two workers send each once; one that was stopped changes nothing', async () => {
      const box = await openPostbox(engine)
      await box.add()
      await anOrder(box, 'lease')
      for (let i = 0; i < 10; i++) await happen(box, 'lease')
      const announce = () => announceOnce(box.world, assert.ifError)
      await Promise.all([announce(), announce()])
      const other = openPostman(box.world, box.line)
      await Promise.all([box.postman.once(assert.ifError), other.once(assert.ifError)])
      await Promise.all([box.postman.settled(), other.settled()])
      await box.run()
      assert.equal(new Set(names(box)).size, 1)
      assert.equal(box.posts.length, 10)

      // The first is stopped while its receiver thinks, for longer than its lease.
      const answer = Promise.withResolvers<typeof down>()
      box.answer = () => answer.promise
      await happen(box, 'lease')
      await announceOnce(box.world, assert.ifError)
      await box.postman.once(assert.ifError)
      while (box.posts.length < 11) await new Promise(setImmediate)
      box.clock.now += 15_001
      box.answer = () => ({ status: 204, answer: 'by the other' })
      await other.once(assert.ifError)
      await other.settled()
      answer.resolve(down)
      await box.postman.settled()
      const last = (await box.deliveries('lease')).at(-1)
      assert.equal(last?.httpStatus, 204)
      assert.equal(last?.attempts, 1)
      assert.equal(last?.deliveredAt, box.clock.now)
      const [endpoint] = await endpointsOf(box.world.db.read, box.world.seal, box.merchant.id)
      assert.equal(endpoint?.failures, 0)
      await box.database.close()
    })

    test('a worker that was stopped before it sent sends nothing', async () => {
      const box = await openPostbox(engine)
      await box.add()
      await anOrder(box, 'stopped')
      await happen(box, 'stopped')
      await announceOnce(box.world, assert.ifError)
      const world = { ...box.world, db: { ...box.world.db } }
      const { read } = box.world.db
      world.db.read = async (sql, values) => {
        // Stopped while it reads the order.
        if (/from orders/.test(sql)) box.clock.now += 6_000
        return read(sql, values)
      }
      const postman = openPostman(world, box.line)
      await postman.once(assert.ifError)
      await postman.settled()
      assert.equal(box.posts.length, 0)
      box.clock.now += 15_000
      await box.run()
      assert.equal(box.posts.length, 1)
      await box.database.close()
    })
  })
}
