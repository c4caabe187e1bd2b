import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { minuteMs, onBothEngines, type Shop } from './shop.ts'

interface Received {
  readonly headers: Record<string, string>
  readonly text: string
  readonly body: {
    readonly id: string
    readonly event_name: string
    readonly sequence: number
    readonly content: { readonly order: { readonly order_id: string; readonly status: string } }
  }
}

/** The merchant's own server: it keeps what arrives and answers with the status it is told. */
async function openReceiver(t: TestContext) {
  const received: Received[] = []
  const told = { status: 200 }
  const server = createServer(async (request, response) => {
    const text = await textOf(request).catch(() => undefined)
    if (text === undefined) return
    const headers = request.headers as Record<string, string>
    received.push({ headers, text, body: JSON.parse(text) })
    response.writeHead(told.status).end('thanks')
    server.emit('told')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  /** Waits until what has arrived is enough. */
  const until = async (enough: () => boolean) => {
    while (!enough()) await once(server, 'told')
  }
  const names = (of: { order_id: string }) =>
    received
      .filter(({ body }) => body.content.order.order_id === of.order_id)
      .map(({ body }) => body.event_name)
  return { received, told, until, names, url: `http://127.0.0.1:${port}/hook` }
}

/** Six hours and a tenth of it: four of these are a day. */
const longestPauseMs = 400 * minuteMs

interface Endpoint {
  readonly id: string
  readonly state: string
  readonly waiting: number
}

/** What the calls of the console answer, taken together. */
interface Answer extends Endpoint {
  readonly secret: string
  readonly redelivered: number
  readonly endpoints: readonly Endpoint[]
}

async function call({ server }: Shop, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${server.url}/console/webhooks${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Basic ${btoa(server.key)}`, 'content-type': 'application/json' },
    body: body ? JSON.stringify(body) : null,
  })
  assert.equal(response.status, 200)
  return (await response.json()) as Answer
}

async function pay({ api, challenge, otp }: Shop) {
  const params = await challenge()
  const paid = await api.submitOtp({ ...params, otp: await otp(params) })
  assert.equal(paid.status, 'CHARGED')
  return params
}

onBothEngines((shop) => {
  test('a shop hears of a payment, and has it told again', async (t) => {
    const receiver = await openReceiver(t)
    const { id, secret } = await call(shop(), '', { url: receiver.url, user: 'us', password: 'pw' })
    const order = await pay(shop())
    await receiver.until(() => receiver.names(order).length === 3)
    assert.deepEqual(receiver.names(order).sort(), [
      'ORDER_SUCCEEDED',
      'TXN_CHARGED',
      'TXN_CREATED',
    ])
    for (const { headers, text, body } of receiver.received) {
      assert.equal(headers['authorization'], `Basic ${btoa('us:pw')}`)
      assert.equal(headers['webhook-id'], body.id)
      new Webhook(secret).verify(text, headers)
    }
    const last = receiver.received.reduce((a, b) => (b.body.sequence > a.body.sequence ? b : a))
    assert.equal(last.body.content.order.status, 'CHARGED')

    const again = await call(shop(), '/redeliver', { order_id: order.order_id })
    assert.equal(again.redelivered, 3)
    await receiver.until(() => receiver.names(order).length === 6)
    assert.equal(new Set(receiver.received.map(({ body }) => body.id)).size, 3)
    await call(shop(), `/${id}/remove`, {})
  })

  test('an order can name a URL of its own', async (t) => {
    const receiver = await openReceiver(t)
    const { api, newOrder, start } = shop()
    const order = await newOrder({ metadata: { webhook_url: receiver.url } })
    await start(order)
    await receiver.until(() => receiver.names(order).includes('TXN_CREATED'))
    assert.equal((await api.orderStatus(order.order_id)).status, 'PENDING_VBV')
  })

  /** Lets one pause after another go by, each with some real time to be used, until it is so. */
  async function daysPass(isSo: () => boolean): Promise<void> {
    for (let pause = 0; !isSo(); pause++) {
      assert(pause < 40, 'it is never so')
      await shop().later(longestPauseMs)
      for (let look = 0; look < 20 && !isSo(); look++) await sleep(50)
    }
  }

  test('a server that was down for a day hears of everything when it is up', async (t) => {
    const receiver = await openReceiver(t)
    receiver.told.status = 503
    const { id } = await call(shop(), '', { url: receiver.url, events: 'ORDER_SUCCEEDED' })
    const endpoint = async () => {
      const { endpoints } = await call(shop(), '')
      const found = endpoints.find((one) => one.id === id)
      assert(found)
      return found
    }
    const orders = []
    for (let part = 0; part < 4; part++) {
      const before = receiver.received.length
      orders.push(await pay(shop()))
      await daysPass(() => receiver.received.length > before)
    }
    const tried = new Set(receiver.received.map(({ body }) => body.id))
    receiver.told.status = 200
    const before = receiver.received.length
    const arrived = () => new Set(receiver.received.slice(before).map(({ body }) => body.id))
    await daysPass(() => arrived().size === orders.length)
    assert([...tried].every((one) => arrived().has(one)))
    for (const order of orders) assert(receiver.names(order).length > 0)
    while ((await endpoint()).waiting > 0) await new Promise(setImmediate)
    assert.equal((await endpoint()).state, 'active')
    await call(shop(), `/${id}/remove`, {})
  })
})
