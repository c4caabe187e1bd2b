import type { Answer, Line } from './wire.ts'

/** Whose shop it is. */
export interface Shop {
  readonly merchant: string
  readonly key: string
}

/** The four calls of one payment. */
export type Step = 'create' | 'start' | 'submit' | 'status'

/** The last answer to each call. */
export type Answers = Record<Step, string>

const formType = 'content-type: application/x-www-form-urlencoded\r\n'

/** Pays one order, from its creation to its status. Throws at an answer that is not expected. */
export async function payOnce(line: Line, shop: Shop, orderId: string): Promise<Answers> {
  const auth = Buffer.from(`${shop.key}:`).toString('base64')
  const head = (method: string, path: string) =>
    `${method} ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Basic ${auth}\r\n`
  const post = (path: string, form: string) => line.call(head('POST', path) + formType, form)
  const create = expect(
    await post(
      '/orders',
      `order_id=${orderId}&amount=100.00&currency=INR&customer_id=bench&customer_email=a%40b.in` +
        '&customer_phone=9000000001&description=A+book' +
        '&return_url=https%3A%2F%2Fshop.example%2Fback',
    ),
    '"status":"NEW"',
  )
  const start = expect(
    await post(
      '/txns',
      `order_id=${orderId}&merchant_id=${shop.merchant}&payment_method_type=CARD` +
        '&card_number=4242424242424242&card_exp_month=11&card_exp_year=27' +
        '&card_security_code=123&name_on_card=Bench&auth_type=OTP&format=json',
    ),
    '"challenge_id"',
  )
  const id = find(start, 'txn_uuid')
  const form = `challenge_id=${find(start, 'challenge_id')}&answer.otp=123456`
  const submit = expect(await post(`/v2/txns/${id}/authenticate`, form), '"status":"CHARGED"')
  const status = expect(await line.call(head('GET', `/orders/${orderId}`)), '"status":"CHARGED"')
  return { create, start, submit, status }
}

function expect({ status, body }: Answer, words: string): string {
  if (status !== 200 || !body.includes(words)) throw new Error(`${status} ${body}`)
  return body
}

function find(body: string, name: string): string {
  const mark = `"${name}":"`
  const from = body.indexOf(mark) + mark.length
  return body.slice(from, body.indexOf('"', from))
}
