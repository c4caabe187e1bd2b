import { randomInt } from 'node:crypto'
import type { Caller, Form } from './caller.ts'
import type { Canary } from './canaries.ts'

/** The CVV of every card in the flows. */
export const cvv = '739'

/** Everything that was secret in a run. */
export interface Secrets {
  readonly long: Canary[]
  readonly short: { readonly word: string; readonly text: string }[]
  /** Tokens: in the answers that hand them out, and nowhere else. */
  readonly handed: Canary[]
}

/** Where the flows run, and what they leave: their secrets and the answers they got. */
export interface Stage {
  readonly caller: Caller
  readonly bankUrl: string
  readonly secrets: Secrets
  readonly answers: string[]
}

/** Keeps an answer, to be looked through later. */
export type Note = <T extends { text: string }>(answer: T) => T

/** An order and its payment's start, with a mood of the bank and more fields if they are given. */
export type Begin = (
  mood?: Form,
  more?: Form,
) => Promise<{ order: string; started: Awaited<ReturnType<Caller['start']>> }>

/** What flows are made of. */
export interface FlowTools {
  readonly card: () => { card_number: string; card_security_code: string }
  readonly guess: () => string
  readonly note: Note
  readonly begin: Begin
  readonly rightOtp: (order: string) => Promise<string>
}

let range = randomInt(900)

/**
 * A card number with a right check digit that no other has had, of a BIN that no other has: a BIN
 * that turns out to have no OTP is remembered.
 */
export function newCard(): string {
  range = (range + 1) % 900
  const digits = `411111${100 + range}${randomInt(1e5, 1e6)}`
  const sum = [...digits].reduce((total, digit, place) => {
    const weighed = Number(digit) * (place % 2 === 0 ? 2 : 1)
    return total + (weighed > 9 ? weighed - 9 : weighed)
  }, 0)
  return digits + ((10 - (sum % 10)) % 10)
}
