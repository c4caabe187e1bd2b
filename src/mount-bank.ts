import type { FastifyInstance } from 'fastify'
import type { Bank } from '../bank/bank.ts'

/** Shows the in-process bank's pages and API at `/bank`, faults of its line included. */
export async function mountBank(scope: FastifyInstance, bank: Bank): Promise<void> {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  scope.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/bank/*',
    schema: { hide: true },
    handler: async (request, reply) => {
      const headers = new Headers()
      const type = request.headers['content-type']
      if (type !== undefined) headers.set('content-type', type)
      const body = Buffer.isBuffer(request.body) ? { body: new Uint8Array(request.body) } : {}
      const asked = new Request(`http://bank.invalid${request.raw.url}`, {
        method: request.method,
        headers,
        ...body,
      })
      try {
        const response = await bank.fetch(asked)
        reply.code(response.status).headers(Object.fromEntries(response.headers))
        return reply.send(Buffer.from(await response.arrayBuffer()))
      } catch {
        reply.hijack()
        request.raw.destroy()
        return reply
      }
    },
  })
}
