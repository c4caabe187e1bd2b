import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Settings } from '../../src/merchants/merchant.ts'
import { changeSettings } from '../../src/merchants/merchants.ts'
import { Secret } from '../../src/secret.ts'
import { signReturn } from '../../src/wire/signing.ts'
import { challengeIn, onBothEngines, refusal, type Shop } from './shop.ts'

const key = new Secret('demo_response_key')

/** What the demo merchant's settings are unless a story changes them. */
const ordinary: Partial<Settings> = {
  return_url: '',
  return_origins: '',
  return_method: 'GET',
  signed_return: true,
}

async function set({ server }: Shop, settings: Partial<Settings>): Promise<void> {
  const all = { ...ordinary, ...settings }
  assert(await server.db.tx((t) => changeSettings(t, server.merchant, all)))
}

/** An order that is paid by OTP, and the page that its customer's browser then comes back to. */
async function paid(
  { api, newOrder, otp, start }: Shop,
  order: { order_id?: string; return_url?: string },
) {
  const { order_id } = await newOrder(order)
  const params = challengeIn(await start({ order_id }))
  assert.equal((await api.submitOtp({ ...params, otp: await otp(params) })).status, 'CHARGED')
  return { order_id, finish: `/v2/pay/finish/demo/${params.id}/${order_id}` }
}

onBothEngines((shop) => {
  test('the shop is told the status in a signed URL', async () => {
    await set(shop(), {})
    const { finish } = await paid(shop(), {
      order_id: 'shop-1001',
      return_url: 'https://shop.example/back',
    })
    const answer = await shop().raw(finish)
    assert.equal(answer.status, 302)
    assert.equal(
      answer.headers.get('location'),
      'https://shop.example/back?order_id=shop-1001&status=CHARGED&status_id=21' +
        '&signature=qiD5ZD%2BrMzSxtfNV%2Bnu1kEUvmo28ay0YDnI2aZ9W8%2Bo%3D' +
        '&signature_algorithm=HMAC-SHA256',
    )
  })

  test('a shop that wants no signature gets none', async () => {
    await set(shop(), { signed_return: false, return_url: 'https://shop.example/?cart=7' })
    const { finish, order_id } = await paid(shop(), {})
    assert.equal(
      (await shop().raw(finish)).headers.get('location'),
      `https://shop.example/?cart=7&order_id=${order_id}&status=CHARGED&status_id=21`,
    )
  })

  test('a shop that wants a form gets the same parameters posted', async () => {
    await set(shop(), { return_method: 'POST' })
    const { finish, order_id } = await paid(shop(), {
      return_url: 'https://shop.example/back?cart="7"&status=CHARGED',
    })
    const answer = await shop().raw(finish)
    assert.equal(answer.status, 200)
    const text = await answer.text()
    const [, action] = /<form method="post" action="([^"]*)">/.exec(text) ?? []
    assert.equal(action, 'https://shop.example/back?cart=%227%22')
    const inputs = text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
    const unescaped = (html = '') => html.replaceAll('&quot;', '"')
    const fields = [...inputs].map(
      ([, name, value]) => [unescaped(name), unescaped(value)] as const,
    )
    const posted = Object.fromEntries(fields)
    assert.equal(fields.length, Object.keys(posted).length)
    assert.deepEqual(posted, {
      cart: '"7"',
      order_id,
      status: 'CHARGED',
      status_id: '21',
      signature: signReturn(fields, key),
      signature_algorithm: 'HMAC-SHA256',
    })
    assert.match(text, /<button[^>]*>Continue<\/button>/)
    const [, script = ''] = /<script>([^<]*)<\/script>/.exec(text) ?? []
    const digest = createHash('sha256').update(script).digest('base64')
    const policy = answer.headers.get('content-security-policy') ?? ''
    assert(policy.includes(`script-src 'sha256-${digest}'`), policy)
  })

  test('an order names no URL that a browser may not go to', async () => {
    await set(shop(), { return_origins: 'https://shop.example' })
    const { api, newOrder } = shop()
    const order = await newOrder({ return_url: 'https://shop.example:443/back' })
    const wrong = [
      'https://other.example/back',
      'http://shop.example/back',
      'javascript:alert(1)',
      '//shop.example/back',
      'https:\\\\shop.example/back',
      'https://shop.example@other.example/',
      'https://shop.example\t/back',
    ]
    for (const return_url of wrong) {
      const update = () => api.updateOrder(order.order_id, { return_url })
      for (const call of [() => newOrder({ return_url }), update]) {
        const refused = await refusal(call())
        assert.deepEqual(
          [refused.http_status, refused.fields],
          [400, [{ field_name: 'return_url', reason: 'invalid' }]],
          return_url,
        )
      }
    }
    const { return_url } = await shop().order(order)
    assert.equal(return_url, 'https://shop.example:443/back')
  })

  test('an order tells its webhooks to no URL that is none', async () => {
    await set(shop(), { return_origins: 'https://shop.example' })
    const { newOrder } = shop()
    const told = (url: string) => newOrder({ 'metadata.webhook_url': url } as object)
    assert.equal((await told('https://hooks.example/in')).status, 'NEW')
    for (const url of ['ftp://hooks.example/', 'https://u:p@hooks.example/', 'hooks.example']) {
      const refused = await refusal(told(url))
      assert.deepEqual(refused.fields, [{ field_name: 'metadata.webhook_url', reason: 'invalid' }])
    }
  })

  test('where an origin is not allowed any more, the browser stays on our page', async () => {
    await set(shop(), {})
    const { finish, order_id } = await paid(shop(), { return_url: 'https://old.example/back' })
    for (const return_method of ['GET', 'POST'] as const) {
      await set(shop(), { return_method, return_origins: 'https://shop.example' })
      const answer = await shop().raw(finish)
      assert.deepEqual([answer.status, answer.headers.get('location')], [200, null])
      const text = await answer.text()
      assert(text.includes(`Order ${order_id}`) && text.includes('Paid'))
      assert.doesNotMatch(text, /old\.example|<form/)
    }
  })
})
