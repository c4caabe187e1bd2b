import { createHmac, randomUUID } from 'node:crypto'
import { type Answer, ask } from './caller.ts'
import type { TestServer } from './support.ts'

/** A callback as the simulated bank would send it, and what of it a test wants otherwise. */
export interface BankCallback {
  readonly body: string
  readonly gateway?: string
  readonly merchant?: string
  readonly account?: string
  readonly key?: string
  readonly id?: string
  readonly at?: number
  readonly signature?: string
  readonly type?: string
}

/** Posts a callback to the server, signed as the simulated bank signs. */
export async function callBack(
  server: TestServer,
  { body, gateway = 'simulator', account = 'simulator', ...more }: BankCallback,
): Promise<Answer> {
  const { merchant = server.merchant, type = 'application/json', id = randomUUID() } = more
  const at = more.at ?? (await bankTime(server))
  // An account at the simulated bank signs by its name there.
  const key = more.key ?? `${server.merchant}-simulator`
  const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('hex')
  const answer = await fetch(`${server.url}/callbacks/${gateway}/${merchant}/${account}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': type,
      'x-bank-event-id': id,
      'x-bank-timestamp': String(at),
      'x-bank-signature': more.signature ?? signature,
    },
  })
  const text = await answer.text()
  return { status: answer.status, text, body: JSON.parse(text), headers: answer.headers }
}

async function bankTime({ bankUrl }: TestServer): Promise<number> {
  return Number((await ask(`${bankUrl}/clock`)).body['now'])
}
