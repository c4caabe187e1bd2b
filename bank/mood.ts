/** The questions a caller may put to the bank, in the order in which a payment meets them. */
export const questions = [
  'start',
  'otp',
  'resend',
  'sync',
  'capture',
  'void',
  'refund',
  'refund_sync',
] as const

/** One question; a mood acts on some of them. */
export type Question = (typeof questions)[number]

/** The moods of the line: what becomes of an answer on its way. */
export type LineMood =
  | 'timeout_before'
  | 'reset_before'
  | 'timeout_after'
  | 'reset_after'
  | 'slow'
  | 'http_500'
  | 'garbage'
  | 'html'
  | 'unknown_word'

/** The moods of the messenger: in what manner the bank calls back. */
export type NewsMood = 'callbacks' | 'callbacks_twice' | 'callbacks_reordered' | 'callbacks_forged'

/** Every way the bank can behave. */
export type Mood =
  | LineMood
  | NewsMood
  | 'ok'
  | 'otp_wrong'
  | 'late_sms'
  | 'no_sms'
  | 'otp_expired'
  | 'locked'
  | 'ineligible'
  | 'insufficient_funds'
  | 'rejected'
  | 'start_declined'
  | 'resend_too_soon'
  | 'charged_then_timeout'
  | 'charged_then_reset'
  | 'start_timeout'
  | 'page_html'
  | 'late_success'
  | 'capture_pending'
  | 'capture_declined'
  | 'void_pending'
  | 'void_declined'
  | 'refund_pending'
  | 'refund_stuck'
  | 'refund_declined'

/**
 * What a mood changes: `deed` what the bank does, on fixed questions; `news` how it tells by itself
 * what becomes of the payments that are started; `wire` only how the answer travels, on the
 * question its setter chooses; `both` nothing, it hides the moods below it.
 */
export type Effect =
  | { kind: 'both' }
  | { kind: 'deed' | 'news'; on: readonly Question[] }
  | { kind: 'wire'; acts: 'always' | 'never' | 'chosen' }

/** Each mood's effect. `acts`: whether the bank does its deed before the answer is spoilt. */
export const effects: Record<Mood, Effect> = {
  ok: { kind: 'both' },
  otp_wrong: { kind: 'deed', on: ['otp'] },
  late_sms: { kind: 'deed', on: ['start', 'resend'] },
  no_sms: { kind: 'deed', on: ['start', 'resend'] },
  otp_expired: { kind: 'deed', on: ['otp'] },
  locked: { kind: 'deed', on: ['otp'] },
  ineligible: { kind: 'deed', on: ['start'] },
  insufficient_funds: { kind: 'deed', on: ['otp'] },
  rejected: { kind: 'deed', on: ['otp'] },
  start_declined: { kind: 'deed', on: ['start'] },
  resend_too_soon: { kind: 'deed', on: ['resend'] },
  charged_then_timeout: { kind: 'deed', on: ['otp'] },
  charged_then_reset: { kind: 'deed', on: ['otp'] },
  start_timeout: { kind: 'deed', on: ['start'] },
  page_html: { kind: 'deed', on: ['start'] },
  late_success: { kind: 'deed', on: ['otp'] },
  capture_pending: { kind: 'deed', on: ['capture'] },
  capture_declined: { kind: 'deed', on: ['capture'] },
  void_pending: { kind: 'deed', on: ['void'] },
  void_declined: { kind: 'deed', on: ['void'] },
  refund_pending: { kind: 'deed', on: ['refund'] },
  refund_stuck: { kind: 'deed', on: ['refund'] },
  refund_declined: { kind: 'deed', on: ['refund'] },
  callbacks: { kind: 'news', on: ['start'] },
  callbacks_twice: { kind: 'news', on: ['start'] },
  callbacks_reordered: { kind: 'news', on: ['start'] },
  callbacks_forged: { kind: 'news', on: ['start'] },
  timeout_before: { kind: 'wire', acts: 'never' },
  reset_before: { kind: 'wire', acts: 'never' },
  timeout_after: { kind: 'wire', acts: 'always' },
  reset_after: { kind: 'wire', acts: 'always' },
  slow: { kind: 'wire', acts: 'always' },
  http_500: { kind: 'wire', acts: 'chosen' },
  garbage: { kind: 'wire', acts: 'chosen' },
  html: { kind: 'wire', acts: 'chosen' },
  unknown_word: { kind: 'wire', acts: 'chosen' },
}

/** Whose calls a rule is about; card numbers and BINs only as keyed hashes. */
export type Target =
  | { kind: 'next' }
  | { kind: 'card'; fingerprint: string; lastFour: string }
  | { kind: 'bin'; fingerprint: string; bin: string }
  | { kind: 'account'; account: string }

/** A mood somebody set. */
export interface Rule {
  id: number
  mood: Mood
  target: Target
  /** The question it acts on; undefined: those the mood itself names. */
  on: Question | undefined
  /** Whether the bank acts before it spoils the answer. */
  acted: boolean
  /** How many more calls it acts on; undefined: until removed. */
  timesLeft: number | undefined
  /** Milliseconds of real time, for `slow`. */
  delayMs: number
}

/** Who is calling, as far as moods are concerned. Undefined for a payment nobody knows. */
export interface Caller {
  account: string
  cardFingerprint: string
  binFingerprint: string
}

/** The moods of one call, and the rules they used up one turn of. */
export interface Humour {
  deed: Mood
  news: NewsMood | undefined
  wire: { mood: LineMood; acted: boolean; delayMs: number } | undefined
  used: Rule[]
}

// The narrower the rule, the more it was meant.
const precedence: Record<Target['kind'], number> = { next: 0, card: 1, bin: 2, account: 3 }

/** The order in which rules are asked: the narrowest first, of these the newest. */
export function byPrecedence(a: Rule, b: Rule): number {
  return precedence[a.target.kind] - precedence[b.target.kind] || b.id - a.id
}

/** Long enough for a person to notice, shorter than any caller's time-out for a bank. */
export const slowDefaultMs = 2000

/** The question a wire mood acts on unless another is named: the one where money moves. */
export const wireDefaultQuestion: Question = 'otp'

/** What one call meets: who calls, which question, whether a deed can still happen. */
export interface Call {
  question: Question
  caller: Caller | undefined
  /** False when the bank would only repeat an old answer: deeds' moods keep their turns. */
  deed: boolean
  /** The mood the card's number itself stands for. */
  ownMood: Mood
}

/** Picks the moods of a call from the rules (in order of precedence) and the card's own. */
export function humourOf(call: Call, rules: readonly Rule[]): Humour {
  const matching = rules.filter((rule) => matches(rule, call))
  const hider = matching.find((rule) => rule.mood === 'ok')
  const visible = hider ? matching.slice(0, matching.indexOf(hider)) : matching
  const wireRule = visible.find((rule): rule is Rule & { mood: LineMood } => isOfTheLine(rule.mood))
  const wire = wireRule ?? (hider ? undefined : ownWire(call))
  // A deed that does not happen keeps its mood's turns for the next time.
  const deedOpen = call.deed && (wire === undefined || wire.acted)
  const deedRule = deedOpen ? visible.find((rule) => effects[rule.mood].kind === 'deed') : undefined
  const newsRule = visible.find(
    (rule): rule is Rule & { mood: NewsMood } => deedOpen && isOfNews(rule.mood),
  )
  const deed = deedRule?.mood ?? (deedOpen && !hider ? ownDeed(call) : 'ok')
  const news = newsRule?.mood ?? (deedOpen && !hider ? ownNews(call) : undefined)
  const used = [hider, wireRule, deedRule, newsRule].filter((rule) => rule !== undefined)
  return { deed, news, wire, used }
}

function isOfTheLine(mood: Mood): mood is LineMood {
  return effects[mood].kind === 'wire'
}

function isOfNews(mood: Mood): mood is NewsMood {
  return effects[mood].kind === 'news'
}

function ownNews({ ownMood, question }: Call): NewsMood | undefined {
  return isOfNews(ownMood) && question === 'start' ? ownMood : undefined
}

function ownDeed({ ownMood, question }: Call): Mood {
  const effect = effects[ownMood]
  return effect.kind === 'deed' && effect.on.includes(question) ? ownMood : 'ok'
}

function ownWire({ ownMood, question }: Call): Humour['wire'] {
  if (!isOfTheLine(ownMood) || question !== wireDefaultQuestion) return undefined
  const effect = effects[ownMood]
  const acted = effect.kind === 'wire' && effect.acts === 'always'
  return { mood: ownMood, acted, delayMs: slowDefaultMs }
}

function matches(rule: Rule, { question, caller }: Call): boolean {
  const effect = effects[rule.mood]
  const asked = rule.on === undefined || rule.on === question
  if (!asked || ('on' in effect && !effect.on.includes(question))) return false
  switch (rule.target.kind) {
    case 'next':
      return true
    case 'card':
      return rule.target.fingerprint === caller?.cardFingerprint
    case 'bin':
      return rule.target.fingerprint === caller?.binFingerprint
    case 'account':
      return rule.target.account === caller?.account
    default:
      return rule.target satisfies never
  }
}
