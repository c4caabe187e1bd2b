import { readdir, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { Type } from 'typebox'
import { Refusal } from '../refusal.ts'
import { withExamples } from '../wire/examples.ts'

/** A page of the project's documentation, as it is served. */
interface Paper {
  /** Its file in the project: `docs/wire.md`. */
  readonly file: string
  /** Its path on this server: `/docs/wire.md`. */
  readonly path: string
  readonly title: string
  readonly text: string
}

/** Folders of the project whose Markdown is served, `.` being the top, and which of its files. */
const shelves: readonly (readonly [folder: string, files: RegExp])[] = [
  ['.', /^README\.md$/],
  ['docs', /\.md$/],
  ['docs/decisions', /\.md$/],
  ['sdk', /^README\.md$/],
]

const project = new URL('../../', import.meta.url)

/** How calls authenticate. */
const securitySchemes = {
  key: { type: 'http', scheme: 'basic', description: 'The API key is the user; no password' },
  clientToken: {
    type: 'apiKey',
    in: 'query',
    name: 'client_auth_token',
    description: 'For browsers: in the query of a GET, in the body of a POST',
  },
} as const

/** Headers that any call with a key may have, all optional; read by nobody's schema. */
const headers = Type.Object({
  version: Type.Optional(Type.String({ description: 'YYYY-MM-DD, the version the client speaks' })),
  'x-merchantid': Type.Optional(Type.String({ description: "The caller's merchant id" })),
  'x-routing-id': Type.Optional(Type.String({ description: "Usually the customer's id" })),
  'x-request-id': Type.Optional(Type.String({ description: 'Echoed and logged' })),
})

/** A route's schema as the document shows it. They are in no route, where they would be checked. */
export function withHeaders<S extends object>(schema: S): S & { headers: typeof headers } {
  return { ...schema, headers }
}

/** What a call can't do without, by its route; a field that another may replace is not here. */
const required: Readonly<Record<string, readonly string[]>> = {
  'POST /orders': ['order_id', 'amount'],
  'POST /order/create': ['order_id', 'amount'],
  'POST /order/update': ['order_id'],
  'GET /order/status': ['order_id'],
  'POST /order/status': ['order_id'],
  'POST /orders/:order_id/fulfillment': [
    'fulfillment_status',
    'fulfillment_command',
    'fulfillment_time',
    'fulfillment_id',
  ],
  'POST /session': ['order_id', 'amount'],
  'POST /txns': ['merchant_id', 'payment_method_type'],
  'POST /v2/txns/:id/authenticate': ['challenge_id', 'answer.otp'],
  'POST /orders/:order_id/refunds': ['unique_request_id'],
  'POST /order/refund': ['order_id', 'unique_request_id'],
  'POST /refunds': ['unique_request_id'],
  'POST /customers': ['object_reference_id'],
  'POST /card/tokenize': ['card_number', 'card_exp_month', 'card_exp_year'],
  'POST /cards': ['customer_id'],
  'POST /card/add': ['customer_id'],
  'POST /card/update': ['card_token'],
  'POST /card/delete': ['card_token'],
  'GET /v2/bins/eligibility': ['auth_type'],
  'POST /console/accounts': ['gateway'],
  'POST /console/jwt-keys': ['public_key'],
  'POST /console/routing-rules': ['rules'],
  'POST /console/webhooks': ['url'],
}

/** A route's schema with what it requires. Routes check that themselves, in documented words. */
function withRequired(schema: FastifySchema, names: readonly string[]): FastifySchema {
  const place = schema.body ? 'body' : 'querystring'
  return { ...schema, [place]: { ...Object(schema[place]), required: names } }
}

/** What the OpenAPI document says beside the routes. */
export function documentOptions(publicUrl: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      info: { title: 'directotp', version: '0.1.0' },
      servers: [{ url: publicUrl }],
      components: { securitySchemes },
      security: [{ key: [] }],
    },
    transform: ({ schema, url, route }) => {
      const takesToken = route.config?.client !== undefined
      const security = takesToken ? { security: [{ key: [] }, { clientToken: [] }] } : {}
      // What anybody may call wants no headers.
      const isOpen = Array.isArray(schema?.security) && schema.security.length === 0
      const names = required[`${route.method} ${url}`]
      const shown = { ...(names ? withRequired(schema, names) : schema), ...security }
      return { schema: isOpen ? shown : withHeaders(shown), url }
    },
    transformObject: (built) => ('openapiObject' in built ? withExamples(built.openapiObject) : {}),
  }
}

/** Everything is this server's own, and no script or style is inline. */
const policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  // Its icons are data URLs in the style sheet.
  'img-src': ["'self'", 'data:'],
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

/**
 * For developers and their tools: the OpenAPI document as a page (`/docs`), the documentation as
 * Markdown (`/docs/wire.md`, …), and `/llms.txt`, which names them all.
 */
export async function docsRoutes(scope: FastifyInstance, publicUrl: string): Promise<void> {
  const papers = await readPapers()
  const hidden = { schema: { hide: true } }
  for (const { path, text } of papers) {
    scope.get(path, hidden, (_request, reply) =>
      reply.type('text/markdown; charset=utf-8').send(text),
    )
  }
  const overview = llmsText(papers, publicUrl)
  scope.get('/llms.txt', hidden, (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(overview),
  )
  // Loaded only here: a server without the page does not hold it in memory.
  const { fastifySwaggerUi } = await import('@fastify/swagger-ui')
  await scope.register(async (page) => {
    page.setNotFoundHandler(() => {
      throw new Refusal('not_found')
    })
    // A path that leads out of its files is refused by an error of the package's own.
    page.setErrorHandler<Error & { statusCode?: number }>((error) => {
      throw (error.statusCode ?? 500) < 500 ? new Refusal('not_found') : error
    })
    await page.register(fastifySwaggerUi, {
      routePrefix: '/docs',
      staticCSP: policy,
      theme: { title: 'directotp' },
      uiConfig: { layout: 'BaseLayout', deepLinking: true, docExpansion: 'list' },
    })
  })
}

async function readPapers(): Promise<Paper[]> {
  const lists = await Promise.all(
    shelves.map(async ([folder, wanted]) => {
      const names = await readdir(new URL(`${folder}/`, project))
      return names.filter((name) => wanted.test(name)).map((name) => posix.join(folder, name))
    }),
  )
  const files = lists.flatMap((list) => list.sort())
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, project), 'utf8')
      const [, title = file] = /^# (.+)$/m.exec(text) ?? []
      return { file, path: pathOf(file), title, text: withLinks(text, file, files) }
    }),
  )
}

/** `docs/wire.md` and `sdk/README.md` are `/docs/wire.md` and `/docs/sdk/README.md`. */
function pathOf(file: string): string {
  return `/docs/${file.replace(/^docs\//, '')}`
}

/** The text with its links between files as they are served; what is not served is no link. */
function withLinks(text: string, from: string, files: readonly string[]): string {
  return text.replaceAll(/\[([^\]]*)\]\((?!\w+:|#)([^)#]+)(#[^)]*)?\)/g, (_all, words, to, at) => {
    const file = posix.join(posix.dirname(from), to)
    return files.includes(file) ? `[${words}](${pathOf(file)}${at ?? ''})` : words
  })
}

/** The overview of https://llmstxt.org: a title, a summary, lists of links. */
function llmsText(papers: readonly Paper[], publicUrl: string): string {
  const isDecision = ({ file }: Paper) => file.startsWith('docs/decisions/')
  const line = ({ title, path }: Paper) => `- [${title}](${publicUrl}${path})`
  return `# directotp

> A self-hosted server for Direct OTP card payments: the customer types the bank's one-time
> password in the merchant's own page. It speaks the Direct OTP part of Juspay's Express Checkout
> API over the merchant's own gateways, with a simulated bank to try it all without an account.

Calls take the API key by HTTP Basic, forms or JSON, and answer JSON. Only the order status
CHARGED means paid; ask for the order's status whenever an answer was lost.

## API

- [OpenAPI document](${publicUrl}/openapi.json): every call with its schemas and tried examples
- [The same as a page](${publicUrl}/docs)

## Documentation

${papers
  .filter((paper) => !isDecision(paper))
  .map(line)
  .join('\n')}

## Optional

${papers.filter(isDecision).map(line).join('\n')}
`
}
