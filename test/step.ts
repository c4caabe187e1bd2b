import fc from 'fast-check'

/** What may happen to an order, and to its txns by number. */
export type Step =
  | { readonly do: 'create'; readonly rupees: number }
  | { readonly do: 'start'; readonly auth: 'OTP' | 'THREE_DS' }
  | { readonly do: 'submit'; readonly txn: number; readonly right: boolean }
  | { readonly do: 'resend' | 'page' | 'approve' | 'finish'; readonly txn: number }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'mood'; readonly mood: string; readonly next: string; readonly acted?: boolean }
  | { readonly do: 'chores' }

const txn = fc.integer({ min: 0, max: 2 })
const lineMoods = ['http_500', 'garbage', 'html', 'unknown_word']
const deeds: readonly (readonly [string, string])[] = [
  ['charged_then_timeout', 'otp'],
  ['charged_then_reset', 'otp'],
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

/** Any step, the common ones more often. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(100, 600, 800).map((rupees) => create(rupees)) },
  {
    weight: 4,
    arbitrary: fc.constantFrom('OTP', 'OTP', 'THREE_DS').map((auth): Step => start(auth)),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('submit'), txn, right: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('resend', 'page', 'approve', 'finish'), txn }),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(1, 6, 40, 310, 700)
      .map((seconds): Step => ({ do: 'wait', seconds })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...deeds).map(([mood, next]): Step => ({ do: 'mood', mood, next })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('mood'),
      mood: fc.constantFrom(...lineMoods),
      next: fc.constantFrom('start', 'otp', 'resend', 'sync'),
      acted: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'chores' }) },
)

/** The step that makes the order, or changes its amount. */
export function create(rupees: number): Step {
  return { do: 'create', rupees }
}

/** The step that starts a txn. */
export function start(auth: 'OTP' | 'THREE_DS'): Step {
  return { do: 'start', auth }
}
