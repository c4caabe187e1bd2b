/**
 * Since which version of the API clients know what: Juspay's changelog and its compatibility notes,
 * and our own last row. The last two rows of refunds are dated only "at the latest" there.
 */
const since = {
  order: { txn_detail: '2018-07-16', gateway_reference_id: '2018-10-25' },
  refund: {
    initiated_by: '2018-09-20',
    refund_type: '2019-03-12',
    refund_source: '2019-03-12',
    error_code: '2021-03-25',
    metadata: '2021-03-25',
  },
  /** Words and forms rather than keys. */
  word: {
    FAILURE: '2015-08-18',
    MANUAL_REVIEW: '2017-03-16',
    /** Client tokens, and all of an order as the answer of its creation. */
    juspay: '2018-07-01',
    /** Ours: closed lists of statuses are in use that do not have it. */
    PARTIAL_CHARGED: '2024-01-01',
  },
} as const

/** The keys of an object that older clients don't get. */
type NewerKeys<K extends 'order' | 'refund'> = keyof (typeof since)[K] & string

/** An object as a client of any version may get it. */
export type Shown<K extends 'order' | 'refund', T> = Omit<T, NewerKeys<K>> &
  Partial<Pick<T, NewerKeys<K> & keyof T>>

/**
 * The version that a caller speaks, from the `version` header: a date, `YYYY-MM-DD`. Anything else
 * is no version, and whoever speaks none is shown everything.
 */
export function readVersion(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^\d{4}-\d\d-\d\d$/.test(header) ? header : undefined
}

/** Whether clients of this version can read a word, or know a form. */
export function knows(version: string | undefined, word: keyof typeof since.word): boolean {
  return version === undefined || version >= since.word[word]
}

/** An object without the keys that are newer than the version. */
export function asOf<K extends 'order' | 'refund', T extends object>(
  version: string | undefined,
  kind: K,
  body: T,
): Shown<K, T> {
  if (version === undefined) return body
  const dates: Readonly<Record<string, string>> = since[kind]
  const known = Object.entries(body).filter(([key]) => version >= (dates[key] ?? ''))
  return Object.fromEntries(known) as Shown<K, T>
}
