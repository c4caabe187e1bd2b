import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { ask, type Caller, type Challenge, challengeIn, type Form } from './caller.ts'
import { canary, rawCanary } from './canaries.ts'
import { type Begin, cvv, type FlowTools, type Note, newCard, type Stage } from './flow.ts'
import { cardFlows } from './flows-cards.ts'

const startMoods = ['start_declined', 'start_timeout', 'ineligible']

/** Every kind of flow, each with secrets of its own. */
export async function everyFlow(stage: Stage): Promise<void> {
  const { caller, bankUrl, secrets, answers } = stage
  let orders = 0
  const card = () => {
    const number = newCard()
    secrets.long.push(canary(`card ${secrets.long.length}`, number))
    return { card_number: number, card_security_code: cvv }
  }
  const guess = () => {
    const otp = String(randomInt(1e9, 1e10 - 1))
    secrets.long.push(canary(`OTP ${secrets.long.length}`, otp))
    return otp
  }
  const note = <T extends { text: string }>(answer: T): T => {
    answers.push(answer.text)
    return answer
  }
  const begin: Begin = async (mood, more = {}) => {
    const order = `s-${++orders}`
    const given = { ...card(), ...more }
    note(await caller.create(order, { amount: '100.00', ...more }))
    if (mood) {
      const json = { ...mood, card: given.card_number }
      assert.equal((await ask(`${bankUrl}/moods`, { json })).status, 201)
    }
    return { order, started: note(await caller.start(order, given)) }
  }
  const rightOtp = async (order: string) => {
    const { body } = await ask(`${bankUrl}/inbox.json?order=${order}`)
    const [newest] = body['messages'] as { otp: string }[]
    assert(newest)
    secrets.short.push({ word: 'otp', text: newest.otp })
    return newest.otp
  }
  const submit = async (challenge: Challenge, otp: string) =>
    note(await caller.submit(challenge, otp))

  await callbacks(stage, note)
  for (const mood of [undefined, 'insufficient_funds', 'charged_then_timeout', 'reset_before']) {
    const { order, started } = await begin(mood === undefined ? undefined : { mood })
    const challenge = challengeIn(started)
    await submit(challenge, guess())
    note(await caller.resend(challenge))
    await submit(challenge, await rightOtp(order))
    note(await caller.status(order))
  }
  for (const mood of ['http_500', 'garbage', 'html', 'unknown_word', 'locked', 'timeout_before']) {
    const { order, started } = await begin({ mood })
    await submit(challengeIn(started), guess())
    note(await caller.status(order))
  }
  const lineMoods = [
    { mood: 'http_500', on: 'start' },
    { mood: 'garbage', on: 'start' },
  ]
  for (const mood of [...startMoods.map((mood) => ({ mood })), ...lineMoods]) {
    const { started } = await begin(mood)
    assert.equal(started.status, 200, started.text)
  }
  await pages(stage, await begin(), note)
  await afterwards(stage, { begin, rightOtp, note })
  await refusals(stage, { card, guess, note, begin })
  await cardFlows(stage, { card, guess, note, begin, rightOtp })
  const { order } = await begin()
  note(await caller.call(`/orders/${order}`, { amount: '101.00' }))
}

/** An endpoint that is to hear of everything, and nobody there; its secrets are said once. */
async function callbacks({ caller, secrets }: Stage, note: Note): Promise<void> {
  const [password, token] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
  secrets.long.push(canary('webhook password', password), canary('webhook header', token))
  const form = { url: 'http://127.0.0.1:9/', user: 'shop', password, 'headers.x-token': token }
  const added = await caller.call('/console/webhooks', form)
  const rotated = await caller.call(`/console/webhooks/${added.body.id}/rotate`, {})
  for (const { body, text } of [added, rotated]) {
    const [, base64 = ''] = /^whsec_(.+)$/.exec(String(body['secret'])) ?? []
    assert(base64, text)
    secrets.long.push(canary('signing secret', base64))
    secrets.long.push(rawCanary('signing secret', Buffer.from(base64, 'base64')))
  }
  note(await caller.call('/console/webhooks'))
}

/** Money that is held, taken, released and given back, and the history of it. */
async function afterwards(
  { caller }: Stage,
  { begin, rightOtp, note }: Pick<FlowTools, 'begin' | 'rightOtp' | 'note'>,
): Promise<void> {
  for (const deeds of [['capture', 'refunds'], ['void']]) {
    const { order, started } = await begin()
    const { id, challenge_id } = challengeIn(started)
    const held = { challenge_id, 'answer.otp': await rightOtp(order), auto_capture: 'false' }
    note(await caller.call(`/v2/txns/${id}/authenticate`, held))
    for (const deed of deeds) {
      const path = deed === 'refunds' ? `/orders/${order}/refunds` : `/v2/txns/${id}/${deed}`
      const answer = note(await caller.call(path, { unique_request_id: 'r-1' }))
      assert.equal(answer.status, 200, answer.text)
    }
    note(await caller.call(`/console/orders/${order}`))
    note(await caller.call(`/console/webhooks/deliveries?order_id=${order}`))
  }
  note(await caller.call('/console/metrics'))
}

async function pages(
  stage: Stage,
  { started, order }: { started: Awaited<ReturnType<Caller['start']>>; order: string },
  note: Note,
): Promise<void> {
  const { fallback_url: fallback } = challengeIn(started)
  note(await ask(fallback))
  const opened = note(await ask(fallback.split('?')[0] ?? '', { form: {} }))
  const acs = opened.headers.get('location') ?? ''
  const back = note(await ask(acs, { form: { decision: 'approve' } }))
  note(await ask(back.headers.get('location') ?? ''))
  assert.equal(note(await stage.caller.status(order)).body.status, 'CHARGED')
}

async function refusals(
  { caller, answers }: Stage,
  { card, guess, note, begin }: Omit<FlowTools, 'rightOtp'>,
): Promise<void> {
  const { order, started } = await begin()
  const challenge = challengeIn(started)
  const path = `/v2/txns/${challenge.id}/authenticate`
  const { challenge_id } = challenge
  for (const otp of [`${guess()}1`, ` ${guess()}`, `${guess()}x`]) {
    assert.equal((await note(await caller.submit(challenge, otp))).status, 400)
  }
  const twice = guess()
  for (const [type, body] of [
    ['application/json', `{"challenge_id":"${challenge_id}","answer":{"otp":"${guess()}"`],
    ['application/json', `{"card_number":"${card().card_number}",}`],
    ['application/json', `{"answer.otp":["${guess()}"],"challenge_id":"${challenge_id}"}`],
    ['application/json', `{"${card().card_number}":{"__proto__":"${guess()}"}}`],
    ['text/plain', `card_number=${card().card_number}&card_security_code=${cvv}`],
    ['multipart/form-data; boundary=x', `--x\r\n\r\n${card().card_number}\r\n--x--`],
    [`text/${card().card_number}`, 'x'],
    ['application/x-www-form-urlencoded', `answer.otp=${twice}&answer.otp=${twice}`],
    ['application/x-www-form-urlencoded', `card_number=${card().card_number}%ff`],
    ['application/x-www-form-urlencoded', `order_id=${'9'.repeat(300)}${card().card_number}`],
  ] as const) {
    for (const to of [path, '/txns', '/orders']) {
      const headers = { authorization: caller.authorization, 'content-type': type }
      const answer = await fetch(caller.url + to, { method: 'POST', headers, body })
      assert(answer.status >= 400 && answer.status < 500, `${answer.status} ${type}`)
      answers.push(await answer.text())
    }
  }
  for (const wrong of ['card_exp_month', 'card_exp_year', 'auth_type', 'card_security_code']) {
    const given: Form = { ...card(), [wrong]: guess() }
    assert.equal(note(await caller.start(order, given)).status, 400)
  }
  for (const wrong of ['x', ' ', '-']) {
    const { card_number: number } = card()
    assert.equal(note(await caller.start(order, { card_number: number + wrong })).status, 400)
  }
  const inQuery = card().card_number
  assert.equal(note(await caller.call(`/nowhere?card_number=${inQuery}`)).status, 404)
  assert.equal(note(await caller.call(`/nowhere/${card().card_number}/%ff`)).status, 404)
  assert.equal(note(await caller.call(`/orders/x?n=1&n=${card().card_number}`)).status, 400)
  note(await ask(challenge.fallback_url.replace(/txn_\w+/, card().card_number)))
  // The documents echo an unknown order id, so this answer is not looked through; the log is.
  assert.equal((await caller.call(`/orders/${card().card_number}`)).body.status, 'NOT_FOUND')
}
