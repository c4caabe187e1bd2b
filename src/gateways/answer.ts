import { timingSafeEqual } from 'node:crypto'
import type { Call, Next, Said, Stage, Unknown, Verdict } from './gateway.ts'

/** A JSON object of a gateway's, none of it believed yet. */
export interface Words {
  readonly [key: string]: unknown
}

/** The JSON of a text, or `undefined`. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A value that is an object, and no list. */
export function objectIn(value: unknown): Words | undefined {
  const is = typeof value === 'object' && value !== null && !Array.isArray(value)
  return is ? (value as Words) : undefined
}

/** Whether two signatures are the same, in a time that does not tell how much of them is. */
export function isSame(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right)
}

/** What was told, without what is `undefined`. */
export function withoutGaps<T extends object>(
  told: T,
): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(told).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** Something was sent and its answer says nothing. */
export function unknown(because: string, said?: Said): Unknown {
  return { kind: 'unknown', because, sent: true, ...(said && { said }) }
}

/** An answer about something else, or in words nobody knows: a person has to look at it. */
export function alarm(because: string, said?: Said): Unknown {
  return { ...unknown(because, said), alarm: true }
}

/** One more call before there is a verdict. */
export function next<V>(call: Call, hear: Next<V>['hear']): Next<V> {
  return { kind: 'next', call, hear }
}

const waits = { challenged: 'challenge', at_page: 'redirect', submitted: 'pending' } as const

/** What "not decided" means by how far the payment had come. */
export function undecidedAt(stage: Exclude<Stage, 'started'>, said: Said): Verdict {
  return { kind: waits[stage], said }
}
