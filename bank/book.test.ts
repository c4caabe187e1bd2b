import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import * as t from './bank.fixture.ts'
import { openBank } from './bank.ts'

test('the clock moves, stands, runs, and is kept in the book', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'bank-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const place = { kind: 'file', path: join(folder, 'bank.db') } as const
  let real = t.startOfTime
  const bank = t.newBank({ book: place, now: () => real })
  const clock = async (move: object) => (await t.ask(bank, 'POST /clock', move))['now']
  assert.equal(bank.now(), real)
  assert.equal(await clock({ advance_ms: 1000 }), real + 1000)
  real += 5
  assert.equal(bank.now(), t.startOfTime + 1005)
  assert.equal(await clock({ now: 7, frozen: true }), 7)
  real += 5
  assert.equal(await clock({ advance_ms: 1 }), 8)
  assert.deepEqual(await t.ask(bank, 'GET /clock'), { http: 200, now: 8, frozen: true })
  await bank.close()
  const again = t.newBank({ book: place, now: () => real })
  assert.equal(again.now(), 8)
  await t.ask(again, 'POST /clock', { frozen: false })
  real += 2
  assert.equal(again.now(), 10)
  await again.close()
})

test('the same seed, clock and calls make the same book, byte for byte', async () => {
  const run = async (seed: string) => {
    const bank = t.newBank({ seed })
    const answers: object[] = []
    for (let n = 0; n < 12; n++) {
      const { id } = await t.start(bank, { reference: `ref-${n}`, amount: 100_00 * (n + 1) })
      if (n % 2) await t.submit(bank, id, '000001')
      if (n % 3) await t.submit(bank, id, await t.newestOtp(bank))
      else await t.send(bank, `POST /acs/${id}`, 'decision=approve')
      if (n % 4 === 1) await t.ask(bank, 'POST /moods', { mood: 'refund_pending', next: 'refund' })
      answers.push(await t.refund(bank, id, 10_00, `rfd-${n}`))
      await t.ask(bank, 'POST /clock', { advance_ms: 7000 })
    }
    const book = await (await t.send(bank, 'GET /book')).text()
    return `${book}${JSON.stringify([await t.inbox(bank), answers])}`
  }
  assert.equal(await run('one'), await run('one'))
  assert.notEqual(await run('one'), await run('two'))
})

test('a book keeps its seed, moods and payments, and refuses another seed', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'bank-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const options = {
    book: { kind: 'file', path: join(folder, 'bank.db') },
    publicUrl: 'http://shop.test/bank',
  } as const
  const bank = openBank(options)
  const { id } = await t.start(bank)
  const otp = await t.newestOtp(bank)
  await t.ask(bank, 'POST /moods', { mood: 'otp_wrong', account: 'acc', times: 1 })
  await bank.close()
  const again = openBank(options)
  assert.equal((await t.submit(again, id, otp)).state, 'otp_wrong')
  assert.equal((await t.submit(again, id, otp)).state, 'charged')
  await again.close()
  assert.throws(() => openBank({ ...options, seed: 'another' }), /another seed/)
})

test('a book of the first version is opened, brought up to date, and works', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'bank-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'bank.db')
  const old = new DatabaseSync(path)
  old.exec(readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'))
  old.exec("insert into facts values ('seed', 'test')")
  for (const [seq, state] of ['charged', 'authorized', 'declined'].entries()) {
    old
      .prepare(`insert into payments values (?1, 'pay_' || ?2, ?2, 'order-1', 'acc', 'Tea & Co',
        49900, 'INR', 'OTP', ?2 = 'charged', ?2, 'APPROVED', 'f', 'f', '1111', null,
        'http://shop.test', ?3, ?3, 1, 1, ?3)`)
      .run(seq + 1, state, t.startOfTime)
  }
  old.close()
  for (const round of [1, 2]) {
    const bank = t.newBank({ book: { kind: 'file', path } })
    const charged = await t.refund(bank, 'pay_charged', 100_00)
    assert.equal(charged.state, 'refunded')
    const held = await t.capture(bank, 'pay_authorized', 200_00)
    assert.deepEqual([held.state, held.captured], ['charged', 200_00])
    const number = t.cardOf('late_success')
    const { id } = await t.start(bank, { number, reference: `new-${round}` })
    assert.equal((await t.submit(bank, id, await t.newestOtp(bank))).state, 'declined')
    const { payments, charges } = await t.ask(bank, 'GET /book')
    assert.partialDeepStrictEqual(payments, [
      { reference: 'charged', captured: 499_00, refunded: 100_00 },
      { reference: 'authorized', captured: 200_00, refunded: 0 },
      { reference: 'declined', state: 'declined', captured: 0, refunded: 0 },
    ])
    assert.equal((charges as object[]).length, 2)
    await bank.close()
  }
})

test('no byte of the book file is a card number, a CVV or an OTP', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'bank-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const bank = t.newBank({ book: { kind: 'file', path: join(folder, 'bank.db') } })
  const number = '4716190207394368'
  const { id } = await t.start(bank, { number, card: { number, cvv: '8352', name: 'TEST' } })
  const otp = await t.newestOtp(bank)
  const guess = t.otherThan(otp)
  await t.ask(bank, 'POST /moods', { mood: 'ok', card: number })
  await t.submit(bank, id, guess)
  await t.ask(bank, `POST /payments/${id}/resend`)
  await t.submit(bank, id, await t.newestOtp(bank))
  const otps = (await t.inbox(bank)).map((sms) => sms.otp)
  const open = readAll(folder)
  await bank.close()
  for (const bytes of [open, readAll(folder)]) {
    assert.ok(bytes.includes(id) && bytes.includes('4368'))
    for (const secret of [number, number.slice(0, 12), '8352', guess, ...otps]) {
      for (const form of [
        secret,
        btoa(secret).replaceAll('=', ''),
        Buffer.from(secret).toString('hex'),
      ]) {
        assert.ok(!bytes.includes(form), 'a secret is in the book')
      }
    }
  }
})

function readAll(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('\n')
}
