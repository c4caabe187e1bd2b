import assert from 'node:assert/strict'
import { rightOtp, testCard } from '../caller.ts'
import { returnUrl } from './sent.ts'

/** What a customer types, by the name of the input. */
const typed: Readonly<Record<string, string>> = {
  card_number: testCard['card_number'] ?? '',
  card_exp: '11/27',
  card_security_code: '123',
  name_on_card: 'Asha',
  otp: rightOtp,
}

/** A purchase takes fewer pages than this. */
const mostPages = 10

/**
 * Opens a page as a browser without scripts does, fills in its form or follows its button, and so
 * on until the way leads back to the shop; gives the URL that the shop is called by.
 */
export async function walkToShop(page: string): Promise<URL> {
  let asked = new Request(page, { redirect: 'manual' })
  for (let pages = 0; pages < mostPages; pages++) {
    const at = new URL(asked.url)
    const answer = await fetch(asked)
    const text = await answer.text()
    const way = answer.headers.get('location')
    if (way === null) {
      asked = onwards(text, at)
      continue
    }
    const next = new URL(way, at)
    if (next.href.startsWith(returnUrl)) return next
    asked = new Request(next, { redirect: 'manual' })
  }
  return assert.fail(`${page} leads nowhere`)
}

/** The form of a page that asks for what a customer types, else its first, else its button. */
function onwards(text: string, at: URL): Request {
  const forms = [...text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)]
  const asks = (form: RegExpMatchArray) =>
    Object.keys(typed).some((name) => form[2]?.includes(` name="${name}"`))
  const form = forms.find(asks) ?? forms[0]
  if (form) return filledIn(form, at)
  const button = /<a class="button main"[^>]*>/.exec(text)
  assert(button, `${at} leads on:\n${text}`)
  return new Request(new URL(attribute(button[0], 'href') ?? '', at), { redirect: 'manual' })
}

function filledIn([text, opening = '', inside = '']: RegExpMatchArray, at: URL): Request {
  const body = new URLSearchParams()
  for (const [tag] of inside.matchAll(/<input\b[^>]*>/g)) {
    const name = attribute(tag, 'name')
    if (name) body.set(name, typed[name] ?? attribute(tag, 'value') ?? '')
  }
  const pressed = /<button\b[^>]*>/.exec(inside)?.[0] ?? ''
  const button = attribute(pressed, 'name')
  if (button) body.set(button, attribute(pressed, 'value') ?? '')
  assert.equal(attribute(opening, 'method'), 'post', text)
  const action = new URL(attribute(opening, 'action') ?? at.href, at)
  return new Request(action, { method: 'POST', body, redirect: 'manual' })
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&')
}
