import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../refusal.ts'
import { readFulfillment } from './fulfillment.ts'
import { readJson } from './request.ts'

const told = {
  fulfillment_status: 'SUCCESS',
  fulfillment_command: 'NO_ACTION',
  fulfillment_time: '2026-01-05T16:30:33',
  fulfillment_id: 'f-1',
}

function read(more: object) {
  return readFulfillment(readJson(Buffer.from(JSON.stringify({ ...told, ...more }))))
}

function assertRefused(more: object, field: string): void {
  assert.throws(
    () => read(more),
    (error) => {
      assert(error instanceof Refusal)
      assert.deepEqual(error.detail.fields, [{ field_name: field, reason: 'invalid' }])
      return true
    },
    JSON.stringify(more),
  )
}

test('a time of delivery is kept as it is written, with or without a zone', () => {
  for (const time of [
    '2026-01-05T16:30:33',
    '2026-01-05T16:30:33Z',
    '2026-01-05T16:30:33.123456789+05:30',
    '2026-01-05T23:59:59-2359',
    '2024-02-29T00:00:00',
  ]) {
    assert.equal(read({ fulfillment_time: time }).time, time)
  }
})

test('a time that no clock shows is refused', () => {
  for (const time of [
    '2026-13-01T00:00:00',
    '2026-00-01T00:00:00',
    '2026-02-29T00:00:00',
    '2026-04-31T00:00:00Z',
    '2026-01-00T00:00:00',
    '2026-01-05T24:00:00',
    '2026-01-05T16:60:33',
    '2026-01-05T16:30:60',
    '2026-01-05T16:30:33+24:00',
    '2026-01-05T16:30:33+05:60',
    '2026-01-05',
    'Mon Jan 05 2026',
  ]) {
    assertRefused({ fulfillment_time: time }, 'fulfillment_time')
  }
})

test('data is a text: an object is not lost, but refused', () => {
  assert.equal(read({ fulfillment_data: '{"van":7}' }).data, '{"van":7}')
  assert.equal(read({ fulfillment_data: null }).data, '')
  assertRefused({ fulfillment_data: { van: 7 } }, 'fulfillment_data')
  assertRefused({ 'fulfillment_data.van': 7 }, 'fulfillment_data')
})
