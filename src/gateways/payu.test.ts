import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { paise } from '../money.ts'
import { Secret } from '../secret.ts'
import type { Access, Call } from './gateway.ts'
import type { News } from './news.ts'
import { aNewPayment } from './payment.fixture.ts'
import { payu } from './payu.ts'
import {
  commandHash,
  isSigned,
  requestHash,
  reverseHash,
  rupeesText,
  tokenOf,
  txnidOf,
} from './payu-words.ts'

const access: Access = {
  baseUrl: 'https://test.payu.in',
  origins: ['https://test.payu.in'],
  credentials: { key: 'mKey01', salt: 'mSalt01' },
  callbackUrl: 'https://shop.example/callbacks/payu/demo/one',
  transcribed: payu.transcribed,
}

const payment = aNewPayment({
  id: 'txn_abc0123456789abcdef0123456789abcdef',
  card: {
    number: new Secret('5497774415170603'),
    cvv: new Secret('412'),
    expiryMonth: '05',
    expiryYear: '2030',
    name: 'Asha Rao',
  },
  finishUrl: 'https://shop.example/finish',
  customer: {
    id: 'c-1',
    email: 'asha@example.in',
    phone: '+91 90000 00001',
    ip: '203.0.113.7',
    userAgent: 'Mozilla/5.0',
  },
})

const txnid = 'abc0123456789abcdef012341'

/** One payment with its three hashes, as PayU's formulas give them. */
const vector = {
  form: {
    txnid: 'txn-0001',
    amount: '499.00',
    productinfo: 'order 0001',
    firstname: 'Asha',
    email: 'asha@example.in',
  },
  request:
    '27e6626ca4be7a5cf83ee2a14f6f4f260a3c3b60b02b41433f2aa2d1654f941a' +
    '1f27a804967e860e2f885fcb1993acff5ee7a80d2d6b14fd4a19fa11ce570b16',
  reverse:
    '863711e3780cd7dae40f34484464dabdf8138a3fba3c04b4f953b8af62ade7d8' +
    '766ac159fc4d94474207f6669ea08b2966591e267e576a55187010aef611cfcd',
  command:
    '18d34bac35bc076a3cf1b0bbe41924e1c94a168abeacb3a671641e9af2b9e29b' +
    '4c3285bd3dc16f9ae2b4454b023d5f2672a4466ee89ff2a224fe0858a18a2832',
}

type Form = Readonly<Record<string, string>>

function fieldOf(form: Form) {
  return (name: string) => form[name] ?? ''
}

test('requests, results and commands are signed by the published formulas', () => {
  const { form } = vector
  assert.equal(requestHash(fieldOf(form), access), vector.request)
  assert.equal(reverseHash(fieldOf({ ...form, status: 'success' }), access), vector.reverse)
  assert.equal(commandHash('verify_payment', 'txn-0001', access), vector.command)
})

test('a result is signed over all of its fields, and over its amount as printed', () => {
  const good = { ...vector.form, status: 'success', hash: vector.reverse }
  assert(isSigned(fieldOf(good), access))
  for (const wrong of [
    { ...good, amount: '499' },
    { ...good, status: 'failure' },
    { ...good, udf5: 'x' },
    { ...good, additionalCharges: '1.00' },
    { ...good, hash: '' },
    { ...good, hash: `${vector.reverse.slice(0, -1)}0` },
  ]) {
    assert(!isSigned(fieldOf(wrong), access), JSON.stringify(wrong))
  }
  const salt = { credentials: { key: 'mKey01', salt: 'mSalt02' } }
  assert(!isSigned(fieldOf(good), salt))
})

test('additional charges stand before the salt of a signed result', () => {
  const form = { ...vector.form, status: 'success', additionalCharges: '5.00' }
  const person = 'asha@example.in|Asha|order 0001'
  const text = `5.00|mSalt01|success|||||||||||${person}|499.00|txn-0001|mKey01`
  const signature = createHash('sha512').update(text).digest('hex')
  assert.equal(reverseHash(fieldOf(form), access), signature)
})

test('a start is named by 24 digits of the txn and its try', () => {
  assert.equal(txnidOf(payment), txnid)
  assert.equal(txnidOf({ ...payment, tries: 25 }), 'abc0123456789abcdef01234p')
  assert.equal(txnidOf(payment).length, 25)
  assert.equal(txnidOf({ ...payment, tries: 35 }).length, 25)
  assert.throws(() => txnidOf({ ...payment, tries: 36 }))
})

test('tokens fit into 23 characters and tell references apart', () => {
  const tokens = ['rfd_1', 'rfd_2', `${payment.id}.1`, `${payment.id}.2`].map(tokenOf)
  assert.equal(new Set(tokens).size, 4)
  assert(tokens.every((token) => /^[0-9a-f]{23}$/.test(token)))
})

test('amounts have two decimals', () => {
  assert.deepEqual([10_000, 5, 49_950].map(paise).map(rupeesText), ['100.00', '0.05', '499.50'])
  assert.equal(rupeesText(paise(99_999_999_999)), '999999999.99')
})

test('a payment begins with its card, signed', () => {
  const { path, headers, form } = read(payu.start.ask(payment, access))
  assert.equal(path, '/_payment')
  assert.equal(headers?.['content-type'], 'application/x-www-form-urlencoded')
  const { hash, ...rest } = form
  assert.equal(hash, requestHash(fieldOf(form), access))
  assert.deepEqual(rest, {
    key: 'mKey01',
    txnid,
    amount: '499.00',
    productinfo: 'order-1',
    firstname: 'Asha',
    email: 'asha@example.in',
    phone: '9000000001',
    udf1: payment.id,
    surl: 'https://shop.example/finish',
    furl: 'https://shop.example/finish',
    pg: 'CC',
    bankcode: 'CC',
    ccnum: '5497774415170603',
    ccname: 'Asha Rao',
    ccvv: '412',
    ccexpmon: '05',
    ccexpyr: '2030',
    txn_s2s_flow: '4',
    s2s_client_ip: '203.0.113.7',
    s2s_device_info: 'Mozilla/5.0',
  })
})

test('a start says whether money is held, and what kind of card it is', () => {
  const kind = (number: string, cardType: string) => {
    const card = { ...payment.card, number: new Secret(number) }
    const { pg, bankcode } = read(payu.start.ask({ ...payment, card, cardType }, access)).form
    return [pg, bankcode]
  }
  assert.deepEqual(kind('5497774415170603', 'DEBIT'), ['DC', 'MAST'])
  assert.deepEqual(kind('4012001037141112', 'DEBIT'), ['DC', 'VISA'])
  assert.deepEqual(kind('6082015309577308', 'DEBIT'), ['DC', 'RUPAY'])
  assert.deepEqual(kind('6082015309577308', 'Debit'), ['DC', 'RUPAY'])
  assert.deepEqual(kind('6082015309577308', ''), ['CC', 'CC'])
  assert.deepEqual(kind('370295061673669', 'CREDIT'), ['CC', 'AMEX'])
  const held = read(payu.start.ask({ ...payment, autoCapture: false }, access)).form
  assert.equal(held['pre_authorize'], '1')
})

test('what an order does not tell of its customer is filled in', () => {
  const customer = { ...payment.customer, email: 'a|b@c.example', phone: '12', ip: undefined }
  const { name: _name, ...card } = payment.card
  const { form } = read(payu.start.ask({ ...payment, card, customer }, access))
  const { firstname, email, phone, s2s_client_ip } = form
  assert.deepEqual(
    { firstname, email, phone, s2s_client_ip },
    {
      firstname: 'Customer',
      email: 'customer@example.com',
      phone: '9999999999',
      s2s_client_ip: '127.0.0.1',
    },
  )
  assert.equal(form['hash'], requestHash(fieldOf(form), access))
})

test('live commands go to a host of their own, and all others below the base URL', () => {
  const live = { ...access, baseUrl: payu.hosts.live[0] }
  const commands = 'merchant/postservice.php?form=2'
  assert.equal(payu.sync.ask(payment, live).path, `https://info.payu.in/${commands}`)
  assert.equal(payu.sync.ask(payment, access).path, `/${commands}`)
  assert.equal(payu.start.ask(payment, live).path, '/_payment')
  assert.equal(
    payu.submitOtp.ask({ ...payment, otp: new Secret('1') }).path,
    '/ResponseHandler.php',
  )
  assert(payu.hosts.live.includes('https://info.payu.in'))
})

test('a check asks for a payment that can not be', () => {
  const { form } = read(payu.check.ask({}, access))
  assert.equal(form['command'], 'verify_payment')
  assert.doesNotMatch(form['var1'] ?? '', /^[0-9a-f]{24}/)
})

test('refunds have their token in var2 and their amount in var3', () => {
  const details = { txnid, mihpayid: '4039', amt: '499.00', status: 'success' }
  const captured = { [txnid]: { ...details, unmappedstatus: 'captured' } }
  const body = JSON.stringify({ status: 1, transaction_details: captured })
  const about = { ...payment, reference: 'rfd_1', back: paise(10_050) } as const
  const heard = payu.refund.hear({ kind: 'answer', status: 200, body }, about, access)
  assert(heard.kind === 'next')
  const { command, var1, var2, var3, var5, hash } = read(heard.call).form
  assert.deepEqual(
    { command, var1, var2, var3, var5, hash },
    {
      command: 'cancel_refund_transaction',
      var1: '4039',
      var2: tokenOf('rfd_1'),
      var3: '100.50',
      var5: access.callbackUrl,
      hash: commandHash('cancel_refund_transaction', '4039', access),
    },
  )
})

test('an id that is printed as a number keeps all of its digits', () => {
  const row = (id: string) =>
    `{"mihpayid":${id},"txnid":"${txnid}","amt":499.00,"status":"success","unmappedstatus":"auth"}`
  const about = { ...payment, reference: 'txn_1.2', take: payment.amount }
  const hearAbout = (id: string) => {
    const body = `{"status":1,"transaction_details":{"${txnid}":${row(id)}}}`
    return payu.capture.hear({ kind: 'answer', status: 200, body }, about, access)
  }
  for (const id of ['403993715521889537', '"403993715521889537"']) {
    const heard = hearAbout(id)
    assert(heard.kind === 'next')
    const { command, var1, hash } = read(heard.call).form
    assert.deepEqual([command, var1], ['capture_transaction', '403993715521889537'])
    assert.equal(hash, commandHash('capture_transaction', '403993715521889537', access))
  }
  assert.equal(hearAbout('4.0399371552188954e17').kind, 'unknown')
})

test('nothing of a card, an OTP, a customer or a signature may be written down', () => {
  const { form } = read(payu.start.ask(payment, access))
  const kept = Object.keys(form).filter((name) => payu.transcribed.has(name))
  assert.deepEqual(kept.sort(), ['amount', 'bankcode', 'pg', 'txn_s2s_flow', 'txnid'])
  for (const name of ['otp', 'referenceId', 'hash', 'key', 'var2', 'card_no', 'acsTemplate']) {
    assert(!payu.transcribed.has(name), name)
  }
})

const now = 1_700_000_000_000

function hear(form: Form | string, at = now): News {
  const text = typeof form === 'string' ? form : new URLSearchParams(form).toString()
  return payu.hearCallback({ headers: {}, body: Buffer.from(text), now: at }, access)
}

function sign(form: Form): Form {
  return { ...form, hash: reverseHash(fieldOf(form), access) }
}

const posted = { ...vector.form, txnid, key: 'mKey01', status: 'success', udf1: payment.id }

test('a signed callback is news of the payment that it names', () => {
  const heard = hear(sign(posted))
  assert(heard.kind === 'news')
  assert.equal(heard.reference, `txn_${txnid}`)
  assert.deepEqual(hear(sign(posted), now + 86_400_000), heard)
  const other = hear(sign({ ...posted, status: 'failure' }))
  assert(other.kind === 'news')
  assert.notEqual(other.id, heard.id)
})

test('a callback that is not signed, or otherwise signed, is forged', () => {
  const signed = sign(posted)
  for (const form of [
    posted,
    { ...signed, amount: '499' },
    { ...signed, status: 'failure' },
    { ...signed, txnid: 'abc0123456789abcdef012342' },
    { ...signed, hash: signed['hash']?.toUpperCase() ?? '' },
    { ...signed, hash: 'é'.repeat(128) },
    '',
    '{"',
    '%',
  ]) {
    assert.deepEqual(hear(form), { kind: 'forged' })
  }
  const twice = new URLSearchParams(signed)
  twice.append('txnid', 'abc0123456789abcdef012342')
  const first = hear(twice.toString())
  assert(first.kind === 'news')
  assert.equal(first.reference, `txn_${txnid}`)
})

test('a signed callback of a payment that is not ours is no news', () => {
  assert.equal(hear(sign({ ...posted, txnid: 'shop-4711' })).kind, 'other')
})

test("a refund's callback is unsigned: one hint a minute for each payment", () => {
  const post = { action: 'refund', status: 'success', token: 't1', merchantTxnId: txnid }
  const heard = hear(post)
  assert(heard.kind === 'hint')
  assert.equal(heard.reference, `txn_${txnid}`)
  const flood = [1, 2, 3].map((n) => hear({ ...post, token: `t${n}`, junk: String(n) }))
  assert.deepEqual(flood, [heard, heard, heard])
  assert.notDeepEqual(hear(post, now + 60_000), heard)
  const other = hear({ ...post, merchantTxnId: 'abc0123456789abcdef012342' })
  assert.notDeepEqual(other, heard)
  assert.deepEqual(hear({ ...post, merchantTxnId: 'shop-4711' }), { kind: 'forged' })
})

function read({ path, headers, body }: Call): Pick<Call, 'path' | 'headers'> & { form: Form } {
  return { path, ...(headers && { headers }), form: Object.fromEntries(new URLSearchParams(body)) }
}
