import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { effects, type Mood, questions } from './mood.ts'

/**
 * Input the bank cannot use; every problem in words that hold none of the values. It is thrown
 * before the bank acts, so an HTTP 400 or 413 of this bank means that nothing has changed.
 */
export class BadInput extends Error {
  readonly problems: string[]
  readonly status: 400 | 413
  constructor(problems: string[], status: 400 | 413 = 400) {
    super(problems.join('; '))
    this.problems = problems
    this.status = status
  }
}

// Many times the largest sensible body; a runaway caller is stopped here.
const bodyLimitChars = 65_536
// The last millisecond of the year 9999: later times have no four-digit year.
const latestTime = 253_402_300_799_999
// A caller gives up long before; a longer delay is a typing error.
const delayLimitMs = 120_000

// What merchants' servers take of a customer is taken here too: refusing it would stop a payment.
const longestText = 2048

const word = Type.String({ minLength: 1, maxLength: longestText })
const text = Type.Optional(Type.String({ maxLength: longestText }))
const link = Type.String({ pattern: '^https?://', maxLength: longestText })
const digits = (pattern: string) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern })])
// As long as banks take a merchant's own name for one of its calls.
const longestReference = 128
const reference = Type.String({ minLength: 1, maxLength: longestReference })
const amount = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const question = Type.Enum([...questions])

const startSchema = Type.Object({
  account: word,
  reference: word,
  order: word,
  merchant: word,
  amount,
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  auth: Type.Enum(['OTP', 'REDIRECT']),
  capture: Type.Boolean(),
  card: Type.Object({
    number: Type.String({ pattern: '^[0-9]{12,19}$' }),
    exp_month: Type.Optional(digits('^[0-9]{1,2}$')),
    exp_year: Type.Optional(digits('^[0-9]{2,4}$')),
    cvv: Type.Optional(Type.String({ pattern: '^[0-9]{3,4}$' })),
    name: text,
  }),
  return_url: link,
  callback_url: Type.Optional(link),
  callback_secret: text,
  customer: Type.Optional(
    Type.Object({
      ip: text,
      user_agent: text,
      phone: text,
      email: text,
    }),
  ),
})

const otpSchema = Type.Object({
  otp: Type.String({ pattern: '^[0-9]{4,10}$' }),
  capture: Type.Boolean(),
})

const amountSchema = Type.Object({ reference, amount })

const voidSchema = Type.Object({ reference })

const clockSchema = Type.Object({
  now: Type.Optional(Type.Integer({ minimum: 0, maximum: latestTime })),
  advance_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: latestTime })),
  frozen: Type.Optional(Type.Boolean()),
})

const moodSchema = Type.Object(
  {
    mood: Type.Enum(Object.keys(effects) as [Mood, ...Mood[]]),
    card: Type.Optional(Type.String({ pattern: '^[0-9]{12,19}$' })),
    bin: Type.Optional(Type.String({ pattern: '^[0-9]{6}$' })),
    account: Type.Optional(word),
    next: Type.Optional(question),
    on: Type.Optional(question),
    acted: Type.Optional(Type.Boolean()),
    times: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    delay_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: delayLimitMs })),
  },
  { additionalProperties: false },
)

/** The body of `POST /payments`. */
export type StartRequest = Static<typeof startSchema>
/** The body of `POST /payments/{id}/otp`. */
export type OtpRequest = Static<typeof otpSchema>
/** The body of `POST /payments/{id}/capture` and `POST /payments/{id}/refunds`. */
export type AmountRequest = Static<typeof amountSchema>
/** The body of `POST /payments/{id}/void`. */
export type VoidRequest = Static<typeof voidSchema>
/** The body of `POST /clock`. */
export type ClockRequest = Static<typeof clockSchema>
/** The body of `POST /moods`. */
export type MoodRequest = Static<typeof moodSchema>

/** What the compiled checkers have in common. */
interface Checker {
  Check(value: unknown): boolean
  Errors(value: unknown): { instancePath: string; message: string }[]
}

const reader =
  <T>(checker: Checker) =>
  (text: string): T => {
    const value = parse(text)
    if (checker.Check(value)) return value as T
    const problems = checker
      .Errors(value)
      .map(
        ({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.')} ${message}`,
      )
    throw new BadInput(problems.map((problem) => problem.trim()))
  }

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadInput(['the body must be JSON'])
  }
}

/** Reads a body, to be understood by one of the readers below; once, as text. @throws BadInput */
export async function textOf(request: Request): Promise<string> {
  const text = await request.text()
  if (text.length > bodyLimitChars) throw new BadInput(['the body is too long'], 413)
  return text
}

/** Understands the body of `POST /payments`. @throws BadInput */
export const readStart = reader<StartRequest>(Compile(startSchema))
/** Understands the body of `POST /payments/{id}/otp`. @throws BadInput */
export const readOtp = reader<OtpRequest>(Compile(otpSchema))
/** Understands the body of a capture or a refund. @throws BadInput */
export const readAmount = reader<AmountRequest>(Compile(amountSchema))
/** Understands the body of `POST /payments/{id}/void`. @throws BadInput */
export const readVoid = reader<VoidRequest>(Compile(voidSchema))
/** Understands the body of `POST /clock`. @throws BadInput */
export const readClock = reader<ClockRequest>(Compile(clockSchema))
/** Understands the body of `POST /moods`. @throws BadInput */
export const readMood = reader<MoodRequest>(Compile(moodSchema))
