import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { Secret } from '../secret.ts'
import { type GatewayName, gatewayNamed, gateways } from './catalog.ts'
import type { Access, Call, Gateway, Next, Reply } from './gateway.ts'

/** One canned answer: `<gateway>.replies/*.json`. A chain of calls ends with its verdict. */
interface Canned extends Step {
  readonly question: string
  /** What of the standard payment is otherwise. */
  readonly about?: object
  /** The answers to the calls that follow, one after another. */
  readonly then?: readonly Step[]
  readonly verdict?: object
}

/** An answer, and the call that it leads to, unless it is the last word. */
interface Step {
  readonly reply: Reply
  readonly next?: Pick<Call, 'method' | 'path' | 'body'>
}

interface Verdictish {
  readonly kind: string
}

type Heard = Verdictish | Next<Verdictish>
type Hear = (reply: Reply) => Heard

/** A question, whatever it is about. */
interface AnyQuestion {
  readonly hear: (reply: Reply, about: object, access: Access) => Heard
}

const names = Object.keys(gateways) as GatewayName[]

/** What every question can be about; a file says what of it is otherwise. */
const standard = {
  id: 'txn_abc00000000000000000000000000000001',
  tries: 1,
  stage: 'challenged',
  merchant: 'demo',
  orderId: 'order-1',
  amount: 10_000,
  currency: 'INR',
  autoCapture: true,
  otp: new Secret('123456'),
  reference: 'rfd_abc00000000000000000000000000000002',
  back: 10_000,
  take: 10_000,
  bin: '424242424',
  auth: 'OTP',
  card: {
    number: new Secret('4242424242424242'),
    cvv: new Secret('739'),
    expiryMonth: '11',
    expiryYear: '2027',
    name: 'Asha',
  },
  cardType: 'CREDIT',
  finishUrl: 'https://pay.example/v2/pay/finish/demo/txn/order-1',
  customer: { id: 'c-1', email: 'asha@shop.example', phone: '9999999999', ip: '1.2.3.4' },
}

function accessTo(name: GatewayName): Access {
  const { hosts, credentials, transcribed } = gatewayNamed(name)
  const urls = hosts.sandbox.length > 0 ? hosts.sandbox : ['http://bank.example']
  const named = credentials.map((one) => one.replace('?', ''))
  return {
    baseUrl: urls[0] ?? '',
    origins: urls.map((url) => new URL(url).origin),
    credentials: Object.fromEntries(named.map((one) => [one, `${one}-of-test`])),
    callbackUrl: `https://pay.example/callbacks/${name}/demo/acc-1`,
    transcribed,
  }
}

function questionsOf(gateway: Gateway): [string, AnyQuestion][] {
  return Object.entries(gateway).filter(
    (entry): entry is [string, AnyQuestion] =>
      typeof entry[1] === 'object' && entry[1] !== null && 'hear' in entry[1],
  )
}

async function cannedOf(name: GatewayName): Promise<[string, Canned][]> {
  const folder = new URL(`${name}.replies/`, import.meta.url)
  const files = await readdir(folder)
  return Promise.all(
    files.map(async (file) => [file, JSON.parse(await readFile(new URL(file, folder), 'utf8'))]),
  )
}

function isNext(heard: Heard): heard is Next<Verdictish> {
  return heard.kind === 'next'
}

/** Plays a file up to its verdict; gives every ear on the way, the first one too. */
function play(file: string, first: Hear, canned: Canned): Hear[] {
  const ears = [first]
  const steps: readonly Step[] = [canned, ...(canned.then ?? [])]
  let hear = first
  for (const [i, { reply, next }] of steps.entries()) {
    const heard = hear(reply)
    const where = `${file}, answer ${i + 1}`
    if (!next) {
      assert.equal(i, steps.length - 1, `${where}: no call leads to the answers after it`)
      assert.deepEqual(heard, canned.verdict, where)
      return ears
    }
    assert(isNext(heard), `${where}: ${JSON.stringify(heard)} and no further call`)
    const { method, path, body } = heard.call
    const called = { method, path, ...(next.body !== undefined && { body }) }
    assert.deepEqual(called, next, where)
    hear = heard.hear
    ears.push(hear)
  }
  assert.equal(canned.verdict, undefined, `${file}: the chain does not come to its verdict`)
  return ears
}

for (const name of names) {
  const questions = questionsOf(gatewayNamed(name))
  const access = accessTo(name)

  const earOf = (file: string, { question: named, about }: Canned): Hear => {
    const [, question] = questions.find(([known]) => known === named) ?? []
    assert(question, `${file}: there is no question ${named}`)
    return (reply) => question.hear(reply, { ...standard, ...about }, access)
  }

  test(`${name} hears each canned answer rightly`, async () => {
    const canned = await cannedOf(name)
    for (const [file, one] of canned) play(file, earOf(file, one), one)
    for (const [question] of questions) {
      assert(
        canned.some(([, one]) => one.question === question),
        `no answer to ${question}`,
      )
    }
  })

  test(`${name} takes nonsense for unknown, whatever was asked, however far it came`, async () => {
    const canned = await cannedOf(name)
    const ears = questions.map(
      ([, question]): Hear =>
        (reply) =>
          question.hear(reply, standard, access),
    )
    for (const [file, one] of canned) ears.push(...play(file, earOf(file, one), one).slice(1))
    for (const hear of ears) {
      fc.assert(fc.property(nonsense, (reply) => assert.equal(hear(reply).kind, 'unknown')))
    }
  })

  test(`${name} takes silence for unknown, and says whether anything had left`, async () => {
    for (const [question, { hear }] of questions) {
      for (const sent of [true, false]) {
        const heard = hear({ kind: 'silence', because: 'ECONNRESET', sent }, standard, access)
        assert.equal(heard.kind, 'unknown', question)
        // A question that only looks, or makes an order first, may know better than the line.
        if (!sent) assert.equal('sent' in heard && heard.sent, false, question)
      }
    }
  })
}

// A status alone can say that the credentials are wrong, which is no nonsense.
const lockedOut = new Set([401, 403])

const nonsense = fc.record({
  kind: fc.constant('answer' as const),
  status: fc.integer({ min: 100, max: 599 }).filter((status) => !lockedOut.has(status)),
  body: fc
    .oneof(fc.string(), fc.json(), fc.constant('<html></html>'), fc.constant(''))
    // An empty list is the answer of some gateways that have nothing.
    .filter((body) => body.trim() !== '[]'),
})
