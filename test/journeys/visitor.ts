import assert from 'node:assert/strict'
import { cards, type Shop } from './shop.ts'

/** Where the shop of these stories wants its customers back. */
export const returnUrl = 'https://shop.example/back?cart=7'

/** What a browser shows, and where it stands then. */
export interface Page {
  readonly at: string
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

/** The fields of a form. */
export type Form = Readonly<Record<string, string>>

/** One step of a browser: no redirect is followed. */
export async function step({ raw }: Shop, at: string, form?: Form, headers: Form = {}) {
  const body = form && new URLSearchParams(form)
  const answer = await raw(at, { headers, ...(body && { method: 'POST', body }) })
  const text = await answer.text()
  return { at, status: answer.status, text, headers: answer.headers, to: wayOf(answer) }
}

/** Where an answer leads. */
export function wayOf({ headers }: Response): string {
  return headers.get('location') ?? ''
}

/** Opens a page, or posts its form, and follows our redirects to the page that is shown. */
export async function visit(shop: Shop, at: string, form?: Form): Promise<Page> {
  let answer = await step(shop, at, form)
  while ([302, 303].includes(answer.status) && answer.to.startsWith(shop.server.url)) {
    answer = await step(shop, answer.to)
  }
  return answer
}

/** The hidden field of the form that is sent to this path. */
export function seenOf(page: Page, action: string): string {
  const start = page.text.indexOf(`action="${action}"`)
  assert(start > 0, page.text)
  const [, seen] = /name="seen" value="(\d+)"/.exec(page.text.slice(start)) ?? []
  return seen ?? assert.fail(page.text)
}

/** Where the link with these words leads. */
export function hrefOf(page: Page, words: string): string {
  const [, href = ''] = new RegExp(`href="([^"]*)"[^>]*>${words}`).exec(page.text) ?? []
  assert(href, page.text)
  return href.replaceAll('&amp;', '&')
}

const spaced = (number: string) => number.replaceAll(/(\d{4})(?=\d)/g, '$1 ')

/** A card as a customer types it into the form of this page. */
export function cardForm(page: Page, number: string, more: Form = {}): Form {
  return {
    seen: seenOf(page, page.at),
    card_number: spaced(number),
    card_exp: '12 / 40',
    card_security_code: '739',
    name_on_card: 'Asha Rao',
    ...more,
  }
}

/** An order's page, and the OTP page after its card form was sent. */
export async function opened(shop: Shop, number: string = cards.inbox, order_id?: string) {
  const order = await shop.newOrder({ return_url: returnUrl, ...(order_id && { order_id }) })
  const form = await visit(shop, order.payment_links.web)
  const otpPage = await visit(shop, form.at, cardForm(form, number))
  const { txn_uuid: id = '' } = await shop.order(order)
  return { order, form, otpPage, id }
}

/** An OTP in the form of this page. */
export const otpForm = (page: Page, otp: string): Form => ({ seen: seenOf(page, page.at), otp })
