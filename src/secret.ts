import { inspect } from 'node:util'

/**
 * Text that must never be seen: a card number, a CVV, an OTP, a key. It prints as `[secret]` in
 * logs, template strings, JSON and the inspector; only `reveal()` gives the text.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself. Call it only where the text leaves for the bank or is turned into a digest. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
