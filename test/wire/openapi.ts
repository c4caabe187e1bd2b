import assert from 'node:assert/strict'
import { Ajv, type ValidateFunction } from 'ajv'

/** The parts of an OpenAPI 3.0 document that the tests look at. */
export interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly components: { readonly securitySchemes: Readonly<Record<string, Schema>> }
}

/** One route of the document. */
export interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly (Shown & { name: string; in: string; required?: boolean })[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Shown>> }
  readonly responses: Readonly<
    Record<string, { description: string; content?: Readonly<Record<string, Shown>> }>
  >
  readonly security?: OpenApi['security']
}

/** A parameter or a body: its form, and what it may look like. */
export interface Shown {
  readonly schema: Schema
  readonly examples?: Readonly<Record<string, ShownExample>>
}

/** One example; of an envelope, `x-claims` is what it says. */
export interface ShownExample {
  readonly value: unknown
  readonly 'x-claims'?: unknown
}

/** A JSON schema as OpenAPI 3.0 writes it. */
export interface Schema {
  readonly [keyword: string]: unknown
}

/** Tells what is wrong with a JSON answer of a route, `[]` when nothing is. */
export type Validate = (route: string, status: number, body: unknown) => string[]

/** Whether a path of a request is one of this template: `/orders/{order_id}`. */
function isOf(template: string, path: string): boolean {
  const pattern = template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${pattern}$`).test(path)
}

/** The document's route of a request, whose path may end in a slash, or `undefined`. */
export function routeOf(document: OpenApi, method: string, path: string): string | undefined {
  const [whole = ''] = path.split('?')
  const bare = whole.replace(/(?<=[^/])\/$/, '')
  const exact = Object.hasOwn(document.paths, bare) ? bare : undefined
  const template = exact ?? Object.keys(document.paths).find((name) => isOf(name, bare))
  const named = template !== undefined && document.paths[template]?.[method.toLowerCase()]
  return named ? `${method} ${template}` : undefined
}

/** Every route of the document, `POST /orders/{order_id}`. */
export function routesOf(document: OpenApi): string[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

/** The routes of a document that do something; the others only refuse. */
export function servedIn(document: OpenApi): string[] {
  return routesOf(document).filter((route) => {
    const statuses = Object.keys(operationOf(document, route).responses)
    return statuses.some((status) => !/^[45]/.test(status))
  })
}

/** The operation of a route that {@link routesOf} gave. */
export function operationOf(document: OpenApi, route: string): Operation {
  const [method = '', path = ''] = route.split(' ')
  const operation = document.paths[path]?.[method.toLowerCase()]
  assert(operation, `${route} is in the document`)
  return operation
}

/** Validates answers by the document, where a key that it does not name is a mistake. */
export function validatorOf(document: OpenApi): Validate {
  const ajv = new Ajv({ strict: true, allErrors: true })
  const compiled = new Map<string, ValidateFunction>()
  return (route, status, body) => {
    const { responses } = operationOf(document, route)
    const name = [String(status), `${Math.floor(status / 100)}XX`].find((key) => responses[key])
    const schema = name && responses[name]?.content?.['application/json']?.schema
    if (!schema) return [`${route} documents no JSON answer ${status}`]
    const key = `${route} ${name}`
    const validate = compiled.get(key) ?? ajv.compile(closed(schema))
    compiled.set(key, validate)
    if (validate(body)) return []
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      return `${route} ${status}${instancePath}: ${message} ${JSON.stringify(params)}`
    })
  }
}

/** The same schema, refusing what it does not name, except where it says that anything may be. */
function closed(schema: Schema): Schema {
  const entries = Object.entries(schema).map(([keyword, value]) => [keyword, closedPart(value)])
  const bounded = 'properties' in schema && !('additionalProperties' in schema)
  return { ...Object.fromEntries(entries), ...(bounded && { additionalProperties: false }) }
}

function closedPart(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closedPart)
  if (typeof value !== 'object' || value === null) return value
  return closed(value as Schema)
}
