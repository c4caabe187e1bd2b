import { type Html, page } from '../src/page.ts'

/**
 * A page of the bank as an answer. Its forms may lead anywhere: the chain of redirects that starts
 * at the ACS page ends at a merchant's site this bank has never heard of.
 */
export function pageAnswer(parts: {
  title: string
  body: Html
  status?: number
  refreshSeconds?: number
}): Response {
  const { status = 200, ...shown } = parts
  const { body, headers } = page(shown)
  return new Response(body, { status, headers })
}

/** An amount (paise) for people. */
export function amountText(amount: number, currency: string): string {
  const major = `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`
  return currency === 'INR' ? `Rs ${major}` : `${currency} ${major}`
}
