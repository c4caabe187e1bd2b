import assert from 'node:assert/strict'
import type { Answer } from './caller.ts'

const unauthorized = {
  status: 'error',
  error_code: 'access_denied',
  error_message: 'Invalid Authentication',
  error_info: {
    category: 'USER_ERROR',
    code: 'UNAUTHORIZED',
    developer_message: 'Invalid Authentication',
    user_message: 'Invalid Authentication',
    href: 'NA',
    fields: [],
  },
}

/** The answer is the documented 401, letter for letter. */
export function assertUnauthorized(
  answer: Pick<Answer, 'status' | 'text' | 'body'>,
  what?: string,
): void {
  assert.equal(answer.status, 401, what ?? answer.text)
  const { error_info: info, ...rest } = answer.body
  const { request_id, ...fixed } = info as { request_id: string }
  assert.match(request_id, /^req_/)
  assert.deepEqual({ ...rest, error_info: fixed }, unauthorized)
}
