import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call, Reply } from './gateway.ts'
import { transcribe } from './transcript.ts'

const allowed = new Set(['id', 'code', 'message', 'amount', 'rrn', 'arn'])

function kept(call: Partial<Call>, body: string) {
  const reply: Reply = { kind: 'answer', status: 200, body }
  return transcribe({ call: { method: 'POST', path: '/pay', ...call }, reply, ms: 7 }, allowed)
}

test('only the fields of the list are kept, wherever they stand, in JSON and in forms', () => {
  const body = JSON.stringify({
    id: 'p1',
    card: { number: '4111111111111111', cvv: '123', code: 'x' },
    items: [{ amount: 5 }, { amount: 6 }],
    otp: '482913',
    gone: null,
  })
  const { asked, heard } = kept({ body: 'id=a&otp=1234&amount=4.00' }, body)
  assert.deepEqual(asked, { id: 'a', amount: '4.00' })
  assert.deepEqual(heard, { id: 'p1', code: 'x', amount: '5' })
})

test("a gateway's free words don't show what they quote", () => {
  const numbers = ['4111111111111111', '4111 1111 1111 1111', '4111-1111-1111-1111', '501800000009']
  for (const number of numbers) {
    const { heard } = kept({}, JSON.stringify({ message: `card ${number} is unknown` }))
    assert.deepEqual(heard, { message: 'card … is unknown' }, number)
  }
  const numbersOfBanks = { rrn: '600112233445', arn: '74537502280000000000017' }
  assert.deepEqual(kept({}, JSON.stringify(numbersOfBanks)).heard, numbersOfBanks)
})

test('a page, garbage and a long text are cut to nothing, or to their beginning', () => {
  assert.deepEqual(kept({}, '<html>id=4</html>').heard, {})
  assert.deepEqual(kept({}, '{"id":').heard, {})
  const { heard } = kept({}, JSON.stringify({ message: 'ä'.repeat(500) }))
  assert.equal(heard['message']?.length, 200)
})

test('an answer that is nested without end is no trouble', () => {
  const { heard } = kept({}, `${'{"a":['.repeat(20_000)}1${']}'.repeat(20_000)}`)
  assert.deepEqual(heard, {})
})

test('of a URL only the path is kept, and what comes of a silence is said', () => {
  const call = { method: 'GET', path: 'https://api.example/v1/p/4111111111111111?key=k' } as const
  const reply: Reply = { kind: 'silence', because: 'TimeoutError', sent: true }
  assert.deepEqual(transcribe({ call, reply, ms: 9 }, allowed), {
    call: 'GET /v1/p/…',
    answer: 'TimeoutError',
    ms: 9,
    asked: {},
    heard: {},
  })
})
