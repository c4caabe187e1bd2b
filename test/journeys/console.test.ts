import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothEngines, type Shop } from './shop.ts'

const hourMs = 3_600_000

interface Timeline {
  readonly order: { readonly status: string }
  readonly payments: readonly {
    readonly txn_uuid: string
    readonly status: string
    readonly captured: number
    readonly flagged_at: string | null
    readonly reversal_due_at: string | null
    readonly refunds: readonly { readonly status: string }[]
  }[]
  readonly events: readonly {
    readonly sequence: number
    readonly kind: string
    readonly door: string
    readonly request_id: string | null
    readonly details: Readonly<Record<string, unknown>>
  }[]
}

onBothEngines((shop) => {
  const authorization = () => `Basic ${Buffer.from(`${shop().server.key}:`).toString('base64')}`

  async function timeline({ order_id }: { order_id: string }): Promise<Timeline> {
    const headers = { authorization: authorization() }
    const response = await shop().raw(`/console/orders/${order_id}`, { headers })
    assert.equal(response.status, 200)
    return (await response.json()) as Timeline
  }

  async function metrics(): Promise<Readonly<Record<string, number>>> {
    const response = await shop().raw('/console/metrics', {
      headers: { authorization: authorization() },
    })
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const lines = (await response.text()).split('\n').filter((line) => /^directotp_/.test(line))
    return Object.fromEntries(lines.map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]))
  }

  test('an operator sees who did what, what the bank said, and nothing secret', async () => {
    const { api, challenge, otp, raw, happens } = shop()
    const params = await challenge({ card_number: '4111111111111111' })
    const code = await otp(params)
    await api.submitOtp({ ...params, otp: code })
    const { merchant } = shop().server
    const asked = await raw(`/orders/${params.order_id}/refunds`, {
      method: 'POST',
      headers: { authorization: authorization(), 'x-request-id': 'refund-call' },
      body: new URLSearchParams({ unique_request_id: 'r1', amount: '40', merchant_id: merchant }),
    })
    assert.equal(asked.status, 200)
    await happens(params, 'refund_answered')
    const { order, payments, events } = await timeline(params)
    assert.equal(order.status, 'CHARGED')
    assert.deepEqual(
      events.map(({ kind }) => kind),
      [
        'order_created',
        'txn_started',
        'status_changed',
        'otp_submitted',
        'status_changed',
        'refund_asked',
        'refund_sent',
        'refund_answered',
      ],
    )
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, i) => i + 1),
    )
    const [asking, sent, answered] = events.slice(-3)
    assert.deepEqual([asking?.door, asking?.request_id], ['api', 'refund-call'])
    assert.deepEqual([sent?.door, sent?.request_id], ['clock', null])
    assert.deepEqual(
      [answered?.details['from'], answered?.details['to'], answered?.details['heard']],
      ['PENDING', 'SUCCESS', 'refunded'],
    )
    const [payment] = payments
    assert.deepEqual([payment?.captured, payment?.refunds[0]?.status], [100, 'SUCCESS'])
    assert.equal(payment?.reversal_due_at, null)
    const all = JSON.stringify({ order, payments, events })
    for (const secret of [code, '4111111111111111']) assert(!all.includes(secret))
  })

  test('another merchant’s order, or none, has no timeline', async () => {
    const headers = { authorization: authorization() }
    const response = await shop().raw('/console/orders/nobodys', { headers })
    assert.equal(response.status, 400)
    assert.equal((await shop().raw('/console/orders/nobodys')).status, 401)
  })

  test('a payment in doubt has its date, is flagged in time, and is counted', async () => {
    const { api, challenge, otp, mood, later, happens } = shop()
    const before = await metrics()
    const params = await challenge()
    const code = await otp(params)
    await mood({ mood: 'timeout_before', on: 'sync', card: '4111111111111111' })
    await mood({ mood: 'charged_then_timeout', next: 'otp' })
    const answer = await api.submitOtp({ ...params, otp: code })
    assert.equal(answer.status, 'AUTHORIZING')
    const [doubted] = (await timeline(params)).payments
    assert.match(doubted?.reversal_due_at ?? '', /T18:30:00Z$/, 'midnight in India')
    assert.equal(doubted?.flagged_at, null)
    const since = (now: Readonly<Record<string, number>>, name: string) =>
      (now[`directotp_${name}`] ?? 0) - (before[`directotp_${name}`] ?? 0)
    assert.equal(since(await metrics(), 'payments_unresolved'), 1)
    assert.equal(since(await metrics(), 'payments_flagged'), 0)
    await later(72 * hourMs)
    await happens(params, 'flagged')
    assert.equal(since(await metrics(), 'payments_flagged'), 1)
    assert.equal(since(await metrics(), 'reversals_overdue'), 0)
    await later(3 * 24 * hourMs)
    assert.equal(since(await metrics(), 'reversals_overdue'), 1)
    await calm(shop())
    await later(24 * hourMs)
    await shop().becomes(params, 'CHARGED')
    assert.equal(since(await metrics(), 'payments_unresolved'), 0)
  })
})

async function calm({ server }: Shop): Promise<void> {
  await fetch(`${server.bankUrl}/moods`, { method: 'DELETE' })
}
