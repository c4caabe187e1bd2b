import { Type } from 'typebox'
import { type Refusal, type RefusalRow, refusals } from '../refusal.ts'

/** The documented body of a refusal: the classic three words, and `error_info` with the details. */
export const RefusalSchema = Type.Object({
  status: Type.Optional(Type.String({ description: 'There, except in a refused fingerprint' })),
  status_id: Type.Optional(
    Type.Unsafe<number | string>({ anyOf: [{ type: 'integer' }, { type: 'string' }] }),
  ),
  error_code: Type.Optional(Type.String()),
  error_message: Type.Optional(Type.String()),
  order_id: Type.Optional(Type.String()),
  error_info: Type.Optional(
    Type.Object({
      category: Type.String(),
      code: Type.String(),
      developer_message: Type.String(),
      user_message: Type.String(),
      request_id: Type.String(),
      href: Type.Literal('NA'),
      fields: Type.Array(Type.Object({ field_name: Type.String(), reason: Type.String() })),
    }),
  ),
})

/** What every route may answer beside its own: a refusal, always of one form. */
export const refusedAnswers = { '4xx': RefusalSchema, '5xx': RefusalSchema } as const

/** A body as {@link RefusalSchema} describes it. */
export type RefusalBody = Type.Static<typeof RefusalSchema>

/** The body that tells a caller of a refusal; `requestId` is the id of the refused call. */
export function refusalBody(refusal: Refusal, requestId: string): RefusalBody {
  const row: RefusalRow = refusals[refusal.reason]
  const { fields = [] } = refusal.detail
  if (row.bare) return wordsOf(refusal)
  return {
    ...(row.infoOnly ? undefined : wordsOf(refusal)),
    error_info: {
      category: row.category,
      code: row.info,
      developer_message: refusal.message,
      user_message: refusal.message,
      request_id: requestId,
      href: 'NA',
      fields: [...fields],
    },
  }
}

function wordsOf(refusal: Refusal): RefusalBody {
  const row: RefusalRow = refusals[refusal.reason]
  const { orderId } = refusal.detail
  return {
    ...(row.statusId === undefined ? undefined : { status_id: row.statusId }),
    status: row.status,
    ...(row.code === '' ? undefined : { error_code: row.code, error_message: refusal.message }),
    ...(orderId === undefined ? undefined : { order_id: orderId }),
  }
}

/** The HTTP status of a refusal. */
export function refusalStatus(refusal: Refusal): number {
  return refusals[refusal.reason].http
}

/** The headers a refusal adds to its answer: when to ask again, and how to authenticate. */
export function refusalHeaders(refusal: Refusal): Readonly<Record<string, string>> {
  const { retryAfterSeconds } = refusal.detail
  return {
    ...(retryAfterSeconds === undefined ? undefined : { 'retry-after': String(retryAfterSeconds) }),
    // RFC 9110 section 15.5.2: a 401 names its scheme.
    ...(refusalStatus(refusal) === 401
      ? { 'www-authenticate': 'Basic realm="directotp"' }
      : undefined),
  }
}
