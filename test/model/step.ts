import fc from 'fast-check'

/** What may happen to an order, to its txns by number, and to everybody around it. */
export type Step =
  | { readonly do: 'create'; readonly rupees: number }
  | { readonly do: 'start'; readonly auth: 'OTP' | 'THREE_DS' }
  | { readonly do: 'submit'; readonly txn: number; readonly right: boolean; readonly hold: boolean }
  | { readonly do: 'resend' | 'page' | 'approve' | 'finish'; readonly txn: number }
  | (OfMoney & { readonly do: 'capture' | 'void'; readonly txn: number })
  | (OfMoney & { readonly do: 'refund' })
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'mood'; readonly mood: string; readonly next: string; readonly acted?: boolean }
  | { readonly do: 'crash'; readonly when: 'asking' | 'asked' }
  | { readonly do: 'receiver'; readonly up: boolean }
  | { readonly do: 'chores' }

/** A deed with money that is there, all of it unless an amount is given; and the bank's mood. */
interface OfMoney {
  readonly rupees?: number | undefined
  readonly mood?: string | undefined
}

const txn = fc.integer({ min: 0, max: 2 })
const questions = ['start', 'otp', 'resend', 'sync', 'capture', 'void', 'refund', 'refund_sync']
const lineMoods = ['http_500', 'garbage', 'html', 'unknown_word']
const deeds: readonly (readonly [string, string])[] = [
  ['charged_then_timeout', 'otp'],
  ['charged_then_reset', 'otp'],
  ['late_success', 'otp'],
  ['late_success', 'otp'],
  ['insufficient_funds', 'otp'],
  ['locked', 'otp'],
  ['otp_expired', 'otp'],
  ['start_timeout', 'start'],
  ['start_declined', 'start'],
  ['ineligible', 'start'],
  ['timeout_before', 'otp'],
  ['reset_before', 'start'],
  ['resend_too_soon', 'resend'],
  ['timeout_before', 'sync'],
]

const rupees = fc.option(fc.constantFrom(1, 40, 60), { nil: undefined })

function inMood(...moods: readonly string[]): fc.Arbitrary<string | undefined> {
  return fc.option(fc.constantFrom(...moods, 'timeout_after', 'timeout_before'), { nil: undefined })
}

const captureMood = inMood('capture_pending', 'capture_declined')
const voidMood = inMood('void_pending', 'void_declined')
const refundMood = inMood('refund_pending', 'refund_stuck', 'refund_declined')

/** Every kind of step; one that stands twice comes twice as often. */
export const steps: readonly fc.Arbitrary<Step>[] = [
  fc.constantFrom(100, 600, 800).map((rupees) => create(rupees)),
  fc.constantFrom('OTP', 'OTP', 'THREE_DS').map((auth) => start(auth)),
  fc.constantFrom('OTP', 'OTP', 'THREE_DS').map((auth) => start(auth)),
  submission(fc.boolean()),
  submission(fc.constant(true)),
  fc.record({ do: fc.constantFrom('resend', 'page', 'approve', 'finish'), txn }),
  fc.record({ do: fc.constantFrom('page', 'approve', 'finish'), txn }),
  fc.record({ do: fc.constant('void'), txn, mood: voidMood }),
  fc.record({ do: fc.constant('capture'), txn, rupees, mood: captureMood }),
  fc.record({ do: fc.constant('refund'), rupees, mood: refundMood }),
  fc.record({ do: fc.constant('refund'), rupees, mood: refundMood }),
  fc
    .constantFrom(1, 6, 40, 310, 700, 4_000, 90_000)
    .map((seconds): Step => ({ do: 'wait', seconds })),
  fc.constantFrom(...deeds).map(([mood, next]): Step => ({ do: 'mood', mood, next })),
  fc.constantFrom(...deeds).map(([mood, next]): Step => ({ do: 'mood', mood, next })),
  fc.record({
    do: fc.constant('mood'),
    mood: fc.constantFrom(...lineMoods),
    next: fc.constantFrom(...questions),
    acted: fc.boolean(),
  }),
  fc.record({ do: fc.constant('crash'), when: fc.constantFrom('asking', 'asked') }),
  fc.record({ do: fc.constant('receiver'), up: fc.boolean() }),
  fc.constant<Step>({ do: 'chores' }),
  fc.constant<Step>({ do: 'chores' }),
]

function submission(right: fc.Arbitrary<boolean>): fc.Arbitrary<Step> {
  return fc.record({ do: fc.constant('submit'), txn, right, hold: fc.boolean() })
}

/** The step that makes the order, or changes its amount. */
export function create(rupees: number): Step {
  return { do: 'create', rupees }
}

/** The step that starts a txn. */
export function start(auth: 'OTP' | 'THREE_DS'): Step {
  return { do: 'start', auth }
}

/** The step that submits the right OTP of a txn. */
export function submit(n: number, { hold }: { hold: boolean }): Step {
  return { do: 'submit', txn: n, right: true, hold }
}

/** The step that gives the bank a mood for its next question of this kind. */
export function mood(name: string, next: string): Step {
  return { do: 'mood', mood: name, next }
}
