import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { newOrderUuid, newRefundRef } from '../ids.ts'
import { defaultSettings } from '../merchants/merchant.ts'
import { paise } from '../money.ts'
import type { Order } from '../payments/order.ts'
import type { Refund, RefundStatus } from '../payments/refund.ts'
import { aTxn } from '../payments/txn.fixture.ts'
import { CreatedBody, createdOrder, OrderShown, orderShown } from './order-view.ts'
import { ProcessShown, processShown } from './txn-view.ts'
import { readVersion } from './version.ts'

const txn = aTxn({ status: 'CHARGED', captured: paise(4_000) })
const { shard, merchant, orderId } = txn

const order: Order = {
  shard,
  merchant,
  orderId,
  id: newOrderUuid(shard),
  amount: paise(10_000),
  currency: 'INR',
  seq: 1,
  txnCount: 1,
  captured: paise(4_000),
  fields: {},
  createdAt: 0,
}

const statuses: RefundStatus[] = ['PENDING', 'SUCCESS', 'FAILURE', 'MANUAL_REVIEW']

const refunds = statuses.map(
  (status): Refund => ({
    shard,
    merchant,
    orderId,
    id: status,
    ref: newRefundRef(shard),
    txn: txn.id,
    amount: paise(100),
    status,
    source: 'API',
    metadata: {},
    said: {},
    sent: true,
    lease: 1,
    leaseUntil: 0,
    askedAt: 0,
    looks: 0,
    createdAt: 0,
    updatedAt: 0,
  }),
)

const ajv = new Ajv({ strict: false })
const isOrder = ajv.compile(OrderShown)
const isCreated = ajv.compile(CreatedBody)
const isProcess = ajv.compile(ProcessShown)

/** What a version shows of everything that some version does not. */
function shownTo(version: string | undefined): string[] {
  const publicUrl = 'https://pay.example'
  const body = orderShown({ order, txn, refunds }, { publicUrl, version })
  assert(isOrder(body), ajv.errorsText(isOrder.errors))
  const created = createdOrder({ order, refunds: [] }, { publicUrl, version, fresh: 'NEW' })
  assert((created.status === 'NEW' ? isOrder : isCreated)(created))
  const settings = defaultSettings('sandbox')
  const process = processShown(txn, { publicUrl, settings, now: 0, version, refunds })
  assert(isProcess(process), ajv.errorsText(isProcess.errors))
  assert.deepEqual(process.refunds, body.refunds)
  const [pending] = body.refunds
  return [
    created.status,
    body.status,
    ...['txn_detail', 'gateway_reference_id'].filter((key) => key in body),
    ...body.refunds.map(({ unique_request_id: was, status }) => `${was} as ${status}`),
    ...['initiated_by', 'refund_type', 'refund_source', 'error_code', 'metadata'].filter(
      (key) => pending && key in pending,
    ),
  ]
}

const waiting = 'PENDING as PENDING'
const success = 'SUCCESS as SUCCESS'
const failure = 'FAILURE as FAILURE'
const masked = 'MANUAL_REVIEW as PENDING'
const review = 'MANUAL_REVIEW as MANUAL_REVIEW'
const old = [waiting, success, failure, review]
const detail = 'txn_detail'
const reference = 'gateway_reference_id'
const kinds = ['initiated_by', 'refund_type', 'refund_source']

/** Each date of the table, the day before it, and the versions that clients send. */
const table: readonly (readonly [string | undefined, readonly string[]])[] = [
  ['2014-01-01', ['CREATED', 'CHARGED', waiting, success, masked]],
  ['2015-08-17', ['CREATED', 'CHARGED', waiting, success, masked]],
  ['2015-08-18', ['CREATED', 'CHARGED', waiting, success, failure, masked]],
  ['2016-10-27', ['CREATED', 'CHARGED', waiting, success, failure, masked]],
  ['2017-03-15', ['CREATED', 'CHARGED', waiting, success, failure, masked]],
  ['2017-03-16', ['CREATED', 'CHARGED', ...old]],
  ['2017-07-26', ['CREATED', 'CHARGED', ...old]],
  ['2018-06-30', ['CREATED', 'CHARGED', ...old]],
  ['2018-07-01', ['NEW', 'CHARGED', ...old]],
  ['2018-07-15', ['NEW', 'CHARGED', ...old]],
  ['2018-07-16', ['NEW', 'CHARGED', detail, ...old]],
  ['2018-09-19', ['NEW', 'CHARGED', detail, ...old]],
  ['2018-09-20', ['NEW', 'CHARGED', detail, ...old, 'initiated_by']],
  ['2018-10-24', ['NEW', 'CHARGED', detail, ...old, 'initiated_by']],
  ['2018-10-25', ['NEW', 'CHARGED', detail, reference, ...old, 'initiated_by']],
  ['2019-03-11', ['NEW', 'CHARGED', detail, reference, ...old, 'initiated_by']],
  ['2019-03-12', ['NEW', 'CHARGED', detail, reference, ...old, ...kinds]],
  ['2021-03-24', ['NEW', 'CHARGED', detail, reference, ...old, ...kinds]],
  ['2021-03-25', ['NEW', 'CHARGED', detail, reference, ...old, ...kinds, 'error_code', 'metadata']],
  ['2023-12-31', ['NEW', 'CHARGED', detail, reference, ...old, ...kinds, 'error_code', 'metadata']],
]

const everything = [
  'NEW',
  'PARTIAL_CHARGED',
  detail,
  reference,
  ...old,
  ...kinds,
  'error_code',
  'metadata',
]

for (const [version, expected] of table) {
  test(`${version} shows what its clients know`, () => {
    assert.deepEqual(shownTo(version), expected)
  })
}

test('the newest versions, and whoever names none, are shown everything', () => {
  for (const version of ['2024-01-01', '2030-12-31', undefined]) {
    assert.deepEqual(shownTo(version), everything, String(version))
  }
})

test('a version is a date, and anything else is none', () => {
  assert.equal(readVersion('2018-10-25'), '2018-10-25')
  for (const odd of [undefined, '', 'v2', '2018', '2018-10-25 ', '18-10-25', ['2018-10-25']]) {
    assert.equal(readVersion(odd), undefined, String(odd))
  }
})
