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

  /** The text itself. For where it leaves for the bank or is turned into a digest, only. */
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
