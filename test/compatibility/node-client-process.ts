import { Agent } from 'node:https'
import { type ConnectionOptions, connect } from 'node:tls'
import type { Request, Setup, Told } from './node-client.ts'

// The client knows https without a port only: its connections end at the front of the test.
Object.assign(Agent.prototype, {
  createConnection: (options: ConnectionOptions) =>
    connect({ ...options, host: '127.0.0.1', port: Number(process.env['FRONT_PORT']) }),
})

const { Juspay } = await import('expresscheckout-nodejs')
Juspay.customLogger = Juspay.silentLogger

const setup: Setup = JSON.parse(String(process.env['CLIENT_SETUP']))
const client = new Juspay(setup)

process.on('disconnect', () => process.exit())
process.on('message', async ({ resource, method, words }: Request) => {
  const call = Reflect.get(client[resource], method) as (...words: unknown[]) => Promise<object>
  process.send?.(await told(call.apply(client[resource], [...words])))
})
process.send?.('ready')

/** What came of a call, without what it keeps of HTTP. */
async function told(asked: Promise<object>): Promise<Told> {
  try {
    const { http: _http, ...answer } = (await asked) as { http?: unknown }
    return { answer }
  } catch (error) {
    const { name, message } = error as Error
    return { error: { ...(error as object), name, message } }
  }
}
