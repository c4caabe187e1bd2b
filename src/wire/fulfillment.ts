import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import type { Fulfillment } from '../payments/keep-fulfillment.ts'
import type { OrderKey } from '../payments/orders.ts'
import { oneOf } from '../reader.ts'
import { badField, Refusal } from '../refusal.ts'
import type { Fields } from './request.ts'

const word = { maxLength: 2_048 }

/** The fields of a fulfillment. */
export const FulfillmentRequest = Type.Object({
  fulfillment_status: Type.Optional(Type.String({ description: 'SUCCESS, FAILURE or PENDING' })),
  fulfillment_command: Type.Optional(Type.String({ description: 'NO_ACTION' })),
  fulfillment_time: Type.Optional(Type.String({ description: 'ISO 8601' })),
  fulfillment_id: Type.Optional(Type.String({ maxLength: 256 })),
  fulfillment_data: Type.Optional(Type.String(word)),
})

/** The answer: what was kept. */
export const FulfillmentBody = Type.Object({
  status: Type.Literal('SUCCESS'),
  merchant_id: Type.String(),
  order_id: Type.String(),
  commands: Type.Array(
    Type.Object({
      status: Type.Literal('SUCCESS'),
      metadata: Type.String(),
      date_created: Type.String(),
      command: Type.Literal('NO_ACTION'),
    }),
  ),
})

const readStatus = oneOf('SUCCESS', 'FAILURE', 'PENDING')
const readCommand = oneOf('NO_ACTION', 'HOLD', 'RELEASE_HOLD')

/** The time of day may have a zone or not, as the documents' own example has none. */
const timeForm =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?$/

function isTime(text: string): boolean {
  const [, local] = timeForm.exec(text) ?? []
  const at = Date.parse(`${local}Z`)
  // A day that its month does not have is taken for one of the next.
  return !Number.isNaN(at) && isoSeconds(at) === `${local}Z`
}

/** What a merchant tells of a delivery. Refuses what is missing or wrong, and any hold. */
export function readFulfillment(fields: Fields): Fulfillment {
  const status = readStatus(needed(fields, 'fulfillment_status'))
  if (!status) throw badField('fulfillment_status', 'invalid')
  const command = readCommand(needed(fields, 'fulfillment_command'))
  if (!command) throw badField('fulfillment_command', 'invalid')
  if (command !== 'NO_ACTION') throw new Refusal('fulfillment_hold_unsupported')
  const time = needed(fields, 'fulfillment_time')
  if (!isTime(time)) throw badField('fulfillment_time', 'invalid')
  const id = needed(fields, 'fulfillment_id')
  const isObject = Object.keys(fields).some((name) => name.startsWith('fulfillment_data.'))
  if (isObject) throw badField('fulfillment_data', 'invalid')
  return { status, time, id, data: fields['fulfillment_data'] ?? '' }
}

/** The answer to one that was kept at this time. */
export function fulfillmentBody(
  { merchant, orderId }: OrderKey,
  { data }: Fulfillment,
  at: number,
): Type.Static<typeof FulfillmentBody> {
  return {
    status: 'SUCCESS',
    merchant_id: merchant,
    order_id: orderId,
    commands: [
      { status: 'SUCCESS', metadata: data, date_created: isoSeconds(at), command: 'NO_ACTION' },
    ],
  }
}

function needed(fields: Fields, name: string): string {
  const text = fields[name]
  if (!text) throw badField(name, 'missing')
  return text
}
