import type { AddressInfo } from 'node:net'
import { parse } from 'node:querystring'
import fastify from 'fastify'
import { OrderRequest } from '../../src/wire/order-request.ts'
import { OrderBody } from '../../src/wire/order-view.ts'
import { StartRequest, SubmitRequest } from '../../src/wire/txn-request.ts'
import { ProcessBody, StartBody } from '../../src/wire/txn-view.ts'
import type { Answers } from './shopper.ts'

// What Fastify can do at best with calls and answers of these sizes: it parses, validates, answers.
const answers = JSON.parse(process.argv[2] ?? '') as Answers
const app = fastify()
app.addContentTypeParser(
  'application/x-www-form-urlencoded',
  { parseAs: 'string' },
  (_request, body, done) => done(null, parse(String(body))),
)

const create = JSON.parse(answers.create)
const start = JSON.parse(answers.start)
const submit = JSON.parse(answers.submit)
const status = JSON.parse(answers.status)
app.post('/orders', { schema: { body: OrderRequest, response: { 200: OrderBody } } }, () => create)
app.post('/txns', { schema: { body: StartRequest, response: { 200: StartBody } } }, () => start)
app.post(
  '/v2/txns/:id/authenticate',
  { schema: { body: SubmitRequest, response: { 200: ProcessBody } } },
  () => submit,
)
app.get('/orders/:order_id', { schema: { response: { 200: OrderBody } } }, () => status)

await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`listening ${(app.server.address() as AddressInfo).port}\n`)
process.on('SIGTERM', () => process.exit(0))
