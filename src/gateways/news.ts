/** What came in at an account's callback URL. */
export interface Callback {
  readonly headers: Readonly<Record<string, string | undefined>>
  /** As it was sent: signatures are over these bytes. */
  readonly body: Buffer
  /** Epoch milliseconds. */
  readonly now: number
}

/** What a callback is worth: it carries no authority, it only says that asking is worthwhile. */
export type News =
  /** Not signed by the gateway, or not readable. */
  | { readonly kind: 'forged' }
  /** Signed so long ago that it may be a recording. */
  | { readonly kind: 'stale' }
  /** Signed, and about nothing that we look after. */
  | { readonly kind: 'other'; readonly id: string }
  /** About a payment of ours or its refunds, by our reference; `hint`: where nothing is signed. */
  | {
      readonly kind: 'news' | 'hint'
      readonly id: string
      readonly reference: string
      /** Whether it is about money that went back: not all of that need be our doing. */
      readonly isRefund?: true
    }
