import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { type Answer, ask, challengeIn, type Form } from './caller.ts'
import { canary } from './canaries.ts'
import { cvv, type FlowTools, type Stage } from './flow.ts'
import { opened, post, type Sealer, sealed, sealerOf } from './sealer.ts'

/**
 * Cards as tokens and in the vault, client tokens, sessions and encrypted calls, each with secrets
 * of its own; what is refused too.
 */
export async function cardFlows(stage: Stage, tools: FlowTools): Promise<void> {
  const sealer = await sealerOf(stage.caller)
  const pem = sealer.own.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  stage.secrets.long.push(canary('private key of the merchant', pem.slice(40, 160)))
  await temporaryTokens(stage, tools)
  await storedCards(stage, tools)
  await lockers(stage, tools)
  await clientTokens(stage, tools)
  await envelopes(stage, tools, sealer)
  await paymentPage(stage, tools)
  await wrongWays(stage, tools)
}

const expiry = { card_exp_month: '11', card_exp_year: '2030', name_on_card: 'Asha Rao' }
const json = { payment_method_type: 'CARD', auth_type: 'OTP', format: 'json' }

/** A token that may be shown to whom it is given, and be nowhere else. */
function handOut(stage: Stage, name: string, answer: Answer, key: string): string {
  const token = String(answer.body[key])
  assert(token.length > 20, answer.text)
  stage.secrets.handed.push(canary(name, token))
  return token
}

async function tokenOf(stage: Stage, { card }: FlowTools): Promise<string> {
  const { caller } = stage
  const form = { merchant_id: caller.merchant, ...card(), ...expiry }
  const answer = await ask(`${caller.url}/card/tokenize`, { form })
  return handOut(stage, 'temporary token', answer, 'token')
}

async function payBy(stage: Stage, order: string, more: Form): Promise<Answer> {
  const { caller } = stage
  return caller.call('/txns', { order_id: order, merchant_id: caller.merchant, ...json, ...more })
}

async function temporaryTokens(stage: Stage, tools: FlowTools): Promise<void> {
  const { caller } = stage
  const card_token = await tokenOf(stage, tools)
  tools.note(await caller.create('t-1', { customer_id: 'c-1' }))
  const started = tools.note(await payBy(stage, 't-1', { card_token, save_to_locker: 'true' }))
  const done = await caller.submit(challengeIn(started), await tools.rightOtp('t-1'))
  assert.equal(tools.note(done).body.status, 'CHARGED')
  tools.note(await payBy(stage, 't-1', { card_token }))
  tools.note(await caller.call(`/card/tokenize/${card_token.slice(0, 60)}`))
}

async function storedCards(stage: Stage, { card, note, rightOtp }: FlowTools): Promise<void> {
  const { caller } = stage
  const given = { customer_id: 'c-2', ...expiry, nickname: 'work' }
  const added = note(await caller.call('/card/add', { ...given, ...card() }))
  const { card_token = '' } = added.body as Record<string, string>
  assert.match(card_token, /^ctk_/, added.text)
  note(await caller.call('/cards', { ...given, ...card() }))
  note(await caller.call('/cards?customer_id=c-2&options.check_cvv_less_support=true'))
  note(await caller.call('/card/update', { card_token, customer_id: 'c-2', nickname: 'home' }))
  note(await caller.call('/v2/card/fingerprint', { card_token }))
  note(await caller.call('/v2/card/fingerprint', { card_number: card().card_number }))
  note(await caller.create('s-c', { customer_id: 'c-2' }))
  const started = note(await payBy(stage, 's-c', { card_token, card_security_code: cvv }))
  note(await caller.submit(challengeIn(started), await rightOtp('s-c')))
  note(await caller.call('/customers/c-2/payment_methods', {}))
  note(await caller.call('/console/orders/s-c'))
  note(await caller.call('/card/delete', { card_token }))
}

/** Cards that are to be stored by their payments: one does, one fails, one is left open. */
async function lockers(stage: Stage, { begin, guess, note }: FlowTools): Promise<void> {
  const { caller } = stage
  const save = { customer_id: 'c-3', save_to_locker: 'true' }
  for (const mood of [{ mood: 'locked' }, { mood: 'timeout_before' }, undefined]) {
    const { order, started } = await begin(mood, save)
    if (mood) note(await caller.submit(challengeIn(started), guess()))
    note(await caller.status(order))
  }
}

async function clientTokens(stage: Stage, tools: FlowTools): Promise<void> {
  const { caller } = stage
  const named = { mobile_number: '9876543210', 'options.get_client_auth_token': 'true' }
  const customer = await caller.call('/customers', { object_reference_id: 'c-4', ...named })
  const session = { order_id: 'b-1', amount: '100.00', customer_id: 'c-4', action: 'paymentPage' }
  const inSession = await caller.call('/session', session)
  const tokens = [customer, inSession].map(({ text }) => /tkn_[0-9a-f]{32}/.exec(text)?.[0] ?? '')
  for (const token of tokens) {
    assert(token)
    stage.secrets.handed.push(canary('client token', token))
  }
  const [ofCustomer = '', client_auth_token = ''] = tokens
  const list = `${caller.url}/cards?customer_id=c-4&client_auth_token=${ofCustomer}`
  assert.equal(tools.note(await ask(list)).status, 200)
  const form = { order_id: 'b-1', merchant_id: caller.merchant, client_auth_token, ...json }
  const start = { ...form, ...tools.card(), ...expiry }
  const started = tools.note(await ask(`${caller.url}/txns`, { form: start }))
  const { id, challenge_id } = challengeIn(started)
  const answer = { challenge_id, 'answer.otp': tools.guess(), client_auth_token }
  tools.note(await ask(`${caller.url}/v2/txns/${id}/authenticate`, { form: answer }))
  tools.note(await ask(`${caller.url}/orders/b-1?client_auth_token=${client_auth_token}`))
}

async function envelopes(stage: Stage, tools: FlowTools, sealer: Sealer): Promise<void> {
  const { caller } = stage
  const order = { 'order.order_id': 'e-1', 'order.amount': '100.00' }
  const claims = { ...order, merchant_id: caller.merchant, ...json, ...tools.card(), ...expiry }
  const envelope = await sealed(sealer, claims)
  const started = tools.note(await post(sealer, '/v4/txns', envelope))
  assert.equal((await opened(sealer, started.body)).status, 'PENDING_VBV')
  tools.note(await post(sealer, '/v4/txns', envelope))
  const bad = await sealed(sealer, { ...claims, card_exp_month: tools.card().card_number })
  assert.equal(tools.note(await post(sealer, '/v4/txns', bad)).status, 400)
}

/** The hosted page: cards and numbers in wrong fields, a wrong OTP and one too long, the right. */
async function paymentPage(stage: Stage, { card, guess, note, rightOtp }: FlowTools) {
  const { caller } = stage
  const opened = await caller.call('/session', { order_id: 'p-1', amount: '100.00' })
  const { web = '' } = opened.body['payment_links'] as Record<string, string>
  const seen = { seen: '0' }
  const typed = () => ({ ...seen, ...card(), card_exp: '11/30', name_on_card: 'Asha Rao' })
  for (const wrong of ['card_number', 'card_exp', 'card_security_code', 'name_on_card', 'seen']) {
    const form: Form = { ...typed(), [wrong]: `${card().card_number}x` }
    assert(note(await ask(web, { form })).status >= 400, wrong)
  }
  assert.equal(note(await ask(`${web}?card_number=${card().card_number}`)).status, 200)
  const begun = note(await ask(web, { form: typed() }))
  const page = begun.headers.get('location') ?? ''
  assert.match(page, /\/otp\/txn_/)
  note({ text: page })
  note(await ask(web, { form: typed() }))
  for (const [otp, status] of [[`${guess()}1`, 400] as const, [guess(), 303] as const]) {
    assert.equal(note(await ask(page, { form: { ...seen, otp } })).status, status)
    note(await ask(page))
  }
  note(await ask(`${page}/resend`, { form: { seen: '1' } }))
  const form = { seen: '1', otp: await rightOtp('p-1') }
  assert.equal(note(await ask(page, { form })).status, 303)
  assert.match(note(await ask(page)).text, /Paid/)
  assert.match(note(await ask(web)).text, /Paid/)
}

/** Numbers and tokens where they do not belong. */
async function wrongWays(stage: Stage, tools: FlowTools): Promise<void> {
  const { caller } = stage
  const { card, note } = tools
  const token = await tokenOf(stage, tools)
  const broken = `${token.slice(0, -2)}${randomInt(10, 99)}`
  stage.secrets.handed.push(canary('broken token', broken))
  note(await caller.create('w-1', { customer_id: 'c-5' }))
  for (const card_token of [broken, card().card_number, `ctk_${card().card_number}`]) {
    assert.equal(note(await payBy(stage, 'w-1', { card_token })).status, 400)
    const named = { customer_id: 'c-5', card_token }
    for (const path of ['/card/add', '/card/update', '/card/delete', '/v2/card/fingerprint']) {
      assert(note(await caller.call(path, named)).status >= 400, path)
    }
  }
  assert.equal(note(await caller.call(`/cardbins/${card().card_number}`)).status, 400)
  for (const wrong of ['card_exp_year', 'card_exp_month', 'name_on_card', 'card_number']) {
    const given: Form = { ...card(), ...expiry, [wrong]: `${card().card_number}x` }
    const form = { merchant_id: caller.merchant, ...given }
    assert.equal(note(await ask(`${caller.url}/card/tokenize`, { form })).status, 400)
    assert.equal(note(await caller.call('/card/add', { customer_id: 'c-5', ...given })).status, 400)
  }
  note(await caller.call(`/customers/${card().card_number}`))
  note(await caller.call('/customers', { object_reference_id: 'c-6', mobile_number: cvv }))
  const named = { object_reference_id: 'c-7', email_address: `${card().card_number}@shop.in` }
  assert.equal(note(await caller.call('/customers', named)).status, 400)
}
