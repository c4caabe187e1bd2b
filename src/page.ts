import { createHash } from 'node:crypto'

/** HTML that is safe to send: made by `html` alone. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

type Shown = string | Html | readonly Html[]

/** A template whose texts are escaped; what is `Html` already stays as it is. */
export function html(parts: TemplateStringsArray, ...values: readonly Shown[]): Html {
  return new Html(String.raw({ raw: parts }, ...values.map(textOf)))
}

function textOf(value: Shown): string {
  if (value instanceof Html) return value.text
  if (typeof value !== 'string') return value.map((one) => one.text).join('')
  return value.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '')
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 44rem }
main.narrow { max-width: 24rem; margin: auto }
h1 { font-size: 1.25rem; margin: 0 0 1rem }
p { margin: .25rem 0 } .quiet { opacity: .7 } .amount { font-size: 1.75rem; margin: 0 }
form { display: flex; gap: .75rem; margin-top: 1.5rem }
button { flex: 1; font: inherit; padding: .6rem 1rem; border: 1px solid; border-radius: .5rem;
  background: none; color: inherit; cursor: pointer }
button.main, a.button.main { background: #14532d; border-color: #14532d; color: #fff }
form.fields { flex-direction: column; gap: 1rem }
form.fields > div.pair { display: flex; gap: 1rem } div.pair > div { flex: 1; min-width: 0 }
label { display: block; margin-bottom: .25rem }
input { box-sizing: border-box; width: 100%; font: inherit; padding: .6rem .75rem;
  border: 1px solid GrayText; border-radius: .5rem; background: Field; color: FieldText }
input[aria-invalid] { border: 2px solid light-dark(#b91c1c, #fca5a5) }
a.button { display: block; flex: 1; padding: .6rem 1rem; border: 1px solid; border-radius: .5rem;
  color: inherit; text-align: center; text-decoration: none }
:focus-visible { outline: 3px solid light-dark(#1d4ed8, #93c5fd); outline-offset: 2px }
.ways { display: flex; flex-direction: column; gap: .75rem; margin-top: 1.5rem }
.ways + .ways { margin-top: .75rem }
.ways form { margin: 0 } p { overflow-wrap: anywhere }
.alert { margin: 1rem 0; padding: .6rem .75rem; border-left: 4px solid }
.bad { color: light-dark(#b91c1c, #fca5a5) }
.test { margin: 0 0 1.5rem; padding: .35rem .75rem; border: 1px dashed; border-radius: .5rem;
  font-size: .875rem; text-align: center }
ul { list-style: none; padding: 0; margin: 0 }
li { border-top: 1px solid #8886; padding: .75rem 0 }
.otp { font: 600 1.5rem ui-monospace, monospace; letter-spacing: .15em }
`
const styleHash = createHash('sha256').update(style).digest('base64')

// A field that is named `submit` would hide the form's own.
const script = 'HTMLFormElement.prototype.submit.call(document.forms[0])'
const scriptHash = createHash('sha256').update(script).digest('base64')

/** A page for people: its HTML, and headers that keep a browser from doing more than it needs. */
export interface Page {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** What a page is made of. */
export interface PageParts {
  readonly title: string
  readonly body: Html
  /** Reloads the page by itself, or goes on to `refreshTo`. */
  readonly refreshSeconds?: number
  readonly refreshTo?: string | undefined
  /**
   * Where its forms may lead, redirects after them included: browsers hold the whole chain to it.
   * Left out where the chain ends at a site that is not known here.
   */
  readonly formsLeadTo?: string
  /** Its one form is sent by itself. */
  readonly sendsItself?: boolean
}

/** A page in the one style all our pages have; its only script is the line that sends a form. */
export function page(parts: PageParts): Page {
  const { refreshSeconds: seconds, formsLeadTo } = parts
  const when = parts.refreshTo ? `${seconds}; url=${parts.refreshTo}` : String(seconds)
  const refresh = seconds ? html`<meta http-equiv="refresh" content="${when}">` : ''
  const sends = parts.sendsItself ? html`<script>${new Html(script)}</script>` : ''
  const body = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${parts.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${refresh}
<style>${new Html(style)}</style></head><body>${parts.body}${sends}</body></html>
`
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    ...(parts.sendsItself ? [`script-src 'sha256-${scriptHash}'`] : []),
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(formsLeadTo === undefined ? [] : [`form-action ${formsLeadTo}`]),
  ]
  return {
    body: body.text,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      // A form without a referrer has no origin either, and its receiver may want to know whose it
      // is: we of our own, and a shop.
      'referrer-policy': parts.sendsItself ? 'strict-origin' : 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  }
}
