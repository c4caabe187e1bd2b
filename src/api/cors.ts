import cors from '@fastify/cors'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { isBrowserOrigin, type MerchantReader } from '../merchants/merchants.ts'
import { Refusal } from '../refusal.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a page may call although it has no client token. */
    anyPage?: true
  }
}

const terms = {
  methods: ['GET', 'POST'],
  // A key is not among them: no key belongs into a page.
  allowedHeaders: [
    'content-type',
    'version',
    'x-merchantid',
    'x-merchant-id',
    'x-routing-id',
    'x-customerid',
    'x-request-id',
  ],
  exposedHeaders: ['x-request-id', 'x-response-id', 'retry-after'],
  // Seconds. A merchant who takes an origin back should not wait longer for browsers to ask again.
  maxAge: 600,
  strictPreflight: false,
}

/**
 * Lets pages of merchants' own origins call the routes of this scope that take client tokens, and
 * no others. A preflight names no merchant, so it is answered where any of them has the origin;
 * whose it is, is looked at when the call itself comes.
 */
export async function openToPages(scope: FastifyInstance, from: MerchantReader): Promise<void> {
  const asked = new Set<string>()
  scope.addHook('onRoute', (route) => {
    if (!isForPages(route) || route.method === 'OPTIONS' || asked.has(route.url)) return
    asked.add(route.url)
    const { config = {} } = route
    scope.options(route.url, { schema: { hide: true }, config }, notFound)
  })
  await scope.register(cors, { delegator: (request: FastifyRequest) => termsFor(from, request) })
}

async function termsFor(from: MerchantReader, request: FastifyRequest) {
  const { origin } = request.headers
  const allowed =
    origin !== undefined &&
    isForPages(request.routeOptions) &&
    (await isBrowserOrigin(from, origin))
  if (!allowed && request.method === 'OPTIONS') throw new Refusal('not_found')
  return { ...terms, origin: allowed }
}

function isForPages({ config }: Pick<RouteOptions, 'config'>): boolean {
  return config?.client !== undefined || config?.anyPage === true
}

/** The hook above answers a preflight before it comes here. */
function notFound(): never {
  throw new Refusal('not_found')
}
