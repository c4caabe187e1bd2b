import { createHash } from 'node:crypto'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 44rem }
main.narrow { max-width: 24rem; margin: auto }
h1 { font-size: 1.25rem; margin: 0 0 1rem }
p { margin: .25rem 0 } .quiet { opacity: .7 } .amount { font-size: 1.75rem; margin: 0 }
form { display: flex; gap: .75rem; margin-top: 1.5rem }
button { flex: 1; font: inherit; padding: .6rem 1rem; border: 1px solid; border-radius: .5rem;
  background: none; color: inherit; cursor: pointer }
button.main { background: #14532d; border-color: #14532d; color: #fff }
ul { list-style: none; padding: 0; margin: 0 }
li { border-top: 1px solid #8886; padding: .75rem 0 }
.otp { font: 600 1.5rem ui-monospace, monospace; letter-spacing: .15em }
`
const styleHash = createHash('sha256').update(style).digest('base64')

// No `form-action`: browsers hold every redirect after the form to it, and the chain that starts at
// the ACS page ends at a merchant's site this bank has never heard of.
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

/** A page of the bank. `body` is HTML whose texts are escaped; `refreshSeconds` reloads it. */
export function page(options: {
  title: string
  body: string
  status?: number
  refreshSeconds?: number
}): Response {
  const { title, body, status = 200, refreshSeconds } = options
  const refresh = refreshSeconds ? `<meta http-equiv="refresh" content="${refreshSeconds}">` : ''
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${refresh}
<style>${style}</style></head><body>${body}</body></html>
`
  return new Response(html, { status, headers })
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text as HTML, in an element or in a quoted attribute. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign)
}

/** An amount (paise) for people. */
export function amountText(amount: number, currency: string): string {
  const major = `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`
  return currency === 'INR' ? `Rs ${major}` : `${currency} ${major}`
}
