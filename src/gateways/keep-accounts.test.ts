import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import type { Engine } from '../../test/support.ts'
import type { MerchantId } from '../ids.ts'
import { auditEntries } from '../merchants/audit-entries.ts'
import { sealProvider } from '../merchants/data-key.ts'
import { insertMerchant } from '../merchants/merchants.ts'
import { openKeyring } from '../merchants/open-keyring.ts'
import { Refusal } from '../refusal.ts'
import { makeSeal } from '../seal.ts'
import type { AccountText } from './account.ts'
import { accountsFor, accountsOf, findAccount } from './accounts.ts'
import { checkAccount, checkReachable } from './check-account.ts'
import type { Access, Question, Reply } from './gateway.ts'
import {
  addAccount,
  askAccount,
  changeAccount,
  disableAccount,
  enableAccount,
} from './keep-accounts.ts'
import { newOutage } from './outage.ts'
import { findOutage } from './outage-news.ts'
import { writeOutages } from './outages.ts'
import { makePerform, type Outgoing } from './perform.ts'

const merchant = 'shop' as MerchantId

const razorpay: AccountText = {
  gateway: 'razorpay',
  'credentials.key_id': 'rzp_test_1',
  'credentials.key_secret': 'hush-secret',
}

const letIn = { status: 200, body: '{"entity":"collection","count":0,"items":[]}' }
const lockedOut = {
  status: 401,
  body: '{"error":{"code":"BAD_REQUEST_ERROR","description":"Authentication failed"}}',
}

/** A room of one merchant without accounts, and a gateway that answers as a test says. */
async function open(t: TestContext, engine: Engine) {
  const database = await engine.open()
  t.after(() => database.close())
  const { db } = database
  const seal = makeSeal(Buffer.alloc(32, 7))
  await db.tx((tx) => insertMerchant(tx, merchant, 1))
  const asked: Outgoing[] = []
  const gateway = { ...letIn }
  const by = {
    ...{ db, seal, mode: 'sandbox' as const },
    ...{ bankUrl: 'http://bank.example', publicUrl: 'https://pay.example' },
    keyring: openKeyring(db, sealProvider(seal), () => 0),
    perform: makePerform(async (outgoing) => {
      asked.push(outgoing)
      const { status, body } = gateway
      return {
        status,
        body: (async function* () {
          yield Buffer.from(body)
        })(),
      }
    }),
  }
  const order = (text: AccountText, check = false) => ({
    ...{ text, check, anyHost: false, actor: 'test', now: 5 },
  })
  const add = (text: AccountText, check = false) => addAccount(by, merchant, order(text, check))
  const change = (id: string, text: AccountText, check = false) =>
    changeAccount(by, { merchant, id }, order(text, check))
  const all = () => accountsOf(db.read, seal, merchant)
  return { by, asked, gateway, add, change, all, db }
}

const refuses = (reason: string, subject?: string) => (error: unknown) => {
  assert(error instanceof Refusal, String(error))
  assert(!error.message.includes('hush'), error.message)
  assert.equal(error.reason, reason)
  if (subject !== undefined) assert.equal(error.detail.subject, subject)
  return true
}

for (const engine of engines) {
  describe(`gateway accounts on ${engine.name}`, () => {
    test('an account is kept as it was said, and its credentials sealed', async (t) => {
      const { by, add, all, db } = await open(t, engine)
      const text = { ...razorpay, gateway_reference_id: 'south', weight: '7', otp_bins: '411111' }
      const { kept, admission } = await add(text)
      assert.equal(admission, undefined)
      assert.deepEqual(kept, {
        account: {
          ...{ id: 'razorpay-1', gateway: 'razorpay', label: 'south' },
          terms: { weight: 7, holds: false, bins: ['411111'] },
        },
        credentials: ['key_id', 'key_secret'],
        createdAt: 5,
      })
      assert.deepEqual(await all(), [kept])
      const found = await findAccount(by, merchant, 'razorpay-1')
      assert.deepEqual(found?.account, kept.account)
      const credentials = { key_id: 'rzp_test_1', key_secret: 'hush-secret' }
      assert.deepEqual(found?.access.credentials, credentials)
      const rows = JSON.stringify(await db.read('select * from accounts', []))
      assert(!/hush|rzp_test/.test(rows), rows)
    })

    test('accounts that nobody named have numbers of their own, also at one moment', async (t) => {
      const { add, all } = await open(t, engine)
      await Promise.all([add(razorpay), add(razorpay), add(razorpay)])
      const ids = (await all()).map(({ account }) => account.id)
      assert.deepEqual(ids.sort(), ['razorpay-1', 'razorpay-2', 'razorpay-3'])
    })

    test('an id and a label are of one account only, also at one moment', async (t) => {
      const { add, change, all } = await open(t, engine)
      await add({ ...razorpay, id: 'a', gateway_reference_id: 'south' })
      await assert.rejects(add({ ...razorpay, id: 'a' }), refuses('account_exists', 'id'))
      const label = { gateway_reference_id: 'south' }
      const taken = refuses('account_exists', 'gateway_reference_id')
      await assert.rejects(add({ ...razorpay, ...label }), taken)
      const others = ['b', 'c', 'd', 'e', 'f']
      for (const id of others) await add({ ...razorpay, id })
      await assert.rejects(change('b', label), taken)
      await change('a', label)
      // The first rounds open the connections on which the others meet.
      for (const name of ['north', 'east', 'west', 'centre']) {
        const together = await Promise.allSettled(
          others.map((id) => change(id, { gateway_reference_id: name })),
        )
        const failed = together.filter((one) => one.status === 'rejected')
        assert.equal(failed.length, others.length - 1)
        for (const { reason } of failed) assert(taken(reason))
      }
      const labels = (await all()).map(({ account }) => account.label)
      assert.equal(labels.filter((one) => one === 'centre').length, 1)
    })

    test('new credentials are used from the next question on, and the rest stays', async (t) => {
      const { by, add, change } = await open(t, engine)
      await add({ ...razorpay, id: 'a', weight: '7' })
      const { kept } = await change('a', {
        'credentials.key_id': 'rzp_test_2',
        'credentials.key_secret': 'hush-two',
        'credentials.webhook_secret': 'hush-three',
      })
      assert.deepEqual(kept.credentials, ['key_id', 'key_secret', 'webhook_secret'])
      const found = await findAccount(by, merchant, 'a')
      assert.equal(found?.access.credentials['key_secret'], 'hush-two')
      assert.equal(found?.account.terms.weight, 7)
      await change('a', { weight: '8' })
      const after = await findAccount(by, merchant, 'a')
      assert.equal(after?.access.credentials['key_secret'], 'hush-two')
      assert.equal(after?.account.terms.weight, 8)
    })

    test('an account switched off is still there for payments that run', async (t) => {
      const { by, add, db } = await open(t, engine)
      await add({ ...razorpay, id: 'a' })
      const key = { merchant, id: 'a' }
      const off = await disableAccount(by, key, { actor: 'test', now: 9 })
      assert.equal(off?.account.disabledAt, 9)
      const [forCard] = await accountsFor(db.read, merchant, '411111')
      assert.equal(forCard?.disabledAt, 9)
      const running = await findAccount(by, merchant, 'a')
      assert.equal(running?.access.credentials['key_secret'], 'hush-secret')
      const on = await enableAccount(by, key, { actor: 'test', now: 10 })
      assert.equal(on?.account.disabledAt, undefined)
      const none = { merchant, id: 'b' }
      assert.equal(await disableAccount(by, none, { actor: 'test', now: 9 }), undefined)
      assert.equal(await enableAccount(by, none, { actor: 'test', now: 9 }), undefined)
    })

    test('each change has one entry in the audit log, and no refusal has one', async (t) => {
      const { by, add, change, db, gateway } = await open(t, engine)
      await add({ ...razorpay, id: 'a' })
      const { gateway: _gateway, ...credentials } = razorpay
      await change('a', { ...credentials, weight: '3' })
      await disableAccount(by, { merchant, id: 'a' }, { actor: 'test', now: 6 })
      await enableAccount(by, { merchant, id: 'a' }, { actor: 'test', now: 7 })
      Object.assign(gateway, lockedOut)
      const refused = [
        add({ ...razorpay, id: 'a' }),
        add(razorpay, true),
        change('a', { weight: 'x' }),
        change('a', { wieght: '3' }),
        change('none', {}),
      ]
      await Promise.all(refused.map((one) => assert.rejects(one, Refusal)))
      await disableAccount(by, { merchant, id: 'none' }, { actor: 'test', now: 6 })
      const entries = await auditEntries(db.read, { merchant, after: 0, most: 100 })
      assert.deepEqual(
        entries.map(({ deed, subject, actor, at }) => [deed, subject, actor, at]),
        [
          ['account_added', 'a', 'test', 5],
          ['account_changed', 'a weight credentials', 'test', 5],
          ['account_disabled', 'a', 'test', 6],
          ['account_enabled', 'a', 'test', 7],
        ],
      )
    })

    test('what an account should be warned of is told when it gets its credentials', async (t) => {
      const { add, change } = await open(t, engine)
      const { warnings } = await add({ gateway: 'simulator', 'credentials.account': 'x' })
      assert.deepEqual(warnings, [])
      const hook = { 'credentials.webhook_secret': 'hush' }
      const shares = { kind: 'simulator_shares', id: 'simulator-1' }
      assert.deepEqual((await add({ ...razorpay, ...hook, id: 'a' })).warnings, [shares])
      const unverified = { kind: 'unverified_callbacks' }
      const same = { kind: 'same_credentials', id: 'a' }
      assert.deepEqual((await add({ ...razorpay, id: 'b' })).warnings, [unverified, same, shares])
      assert.deepEqual((await change('b', { weight: '3' })).warnings, [])
      const { gateway: _gateway, ...credentials } = razorpay
      const other = { ...credentials, 'credentials.key_id': 'rzp_test_2' }
      assert.deepEqual((await change('b', other)).warnings, [unverified])
      assert.deepEqual((await change('b', { ...credentials, ...hook })).warnings, [same])
    })

    test('a simulator that is switched off shares nothing', async (t) => {
      const { by, add } = await open(t, engine)
      await add({ gateway: 'simulator', 'credentials.account': 'x' })
      await disableAccount(by, { merchant, id: 'simulator-1' }, { actor: 'test', now: 9 })
      const warnings = (await add(razorpay)).warnings.map(({ kind }) => kind)
      assert.deepEqual(warnings, ['unverified_callbacks'])
    })

    test('an account that is let in, enabled or another has its outages ended', async (t) => {
      const { by, add, change, gateway, db } = await open(t, engine)
      await add({ ...razorpay, id: 'a' })
      const key = { merchant, id: 'a' }
      const { gateway: _gateway, ...credentials } = razorpay
      /** How its outage ends by a deed; `undefined`: not at all. */
      const ends = async (deed: () => Promise<unknown>) => {
        const at = { scope: 'shop/a', network: '', issuer: '', merchant }
        const outage = newOutage({ ...at, signal: 'start', since: 1 })
        await db.tx(async (tx) => writeOutages(tx, { opened: [outage], closed: [], tried: [] }))
        await deed().catch(() => {})
        const ending = (await findOutage(db.read, outage.id))?.ending
        const closed = [{ ...outage, until: 2, ending: 'untried' } as const]
        await db.tx(async (tx) => writeOutages(tx, { opened: [], closed, tried: [] }))
        return ending
      }
      assert.equal(await ends(() => askAccount(by, key, 5)), 'recovered')
      assert.equal(await ends(() => change('a', credentials, true)), 'recovered')
      assert.equal(await ends(() => change('a', { base_url: '' }, true)), 'recovered')
      assert.equal(await ends(() => change('a', credentials, false)), 'untried')
      const by9 = { actor: 'test', now: 9 }
      assert.equal(await ends(() => enableAccount(by, key, by9)), 'untried')
      assert.equal(await ends(() => change('a', { weight: '3' }, true)), undefined)
      assert.equal(await ends(() => disableAccount(by, key, by9)), undefined)
      Object.assign(gateway, lockedOut)
      assert.equal(await ends(() => askAccount(by, key, 5)), undefined)
      assert.equal(await ends(() => change('a', credentials, true)), undefined)
      gateway.status = 502
      assert.equal(await ends(() => askAccount(by, key, 5)), undefined)
      assert.equal(await ends(() => change('a', credentials, true)), undefined)
      assert.equal(await askAccount(by, { merchant, id: 'none' }, 5), undefined)
    })

    test('the gateway is asked before anything is kept', async (t) => {
      const { add, change, all, gateway, asked } = await open(t, engine)
      const works = await add({ ...razorpay, id: 'works' }, true)
      assert.deepEqual(works.admission, { kind: 'works' })
      assert.equal(asked.length, 1)
      assert.equal(new URL(asked[0]?.url ?? '').host, 'api.razorpay.com')
      Object.assign(gateway, lockedOut)
      await assert.rejects(add({ ...razorpay, id: 'no' }, true), refuses('account_locked_out'))
      const { gateway: _gateway, ...credentials } = razorpay
      await assert.rejects(change('works', credentials, true), refuses('account_locked_out'))
      const elsewhere = { ...credentials, base_url: 'http://fake.example' }
      const moved = change('works', elsewhere, true)
      await assert.rejects(moved, refuses('account_locked_out'))
      assert.equal(new URL(asked.at(-1)?.url ?? '').host, 'fake.example')
      // Where it is and what it signs with stay: there is nothing to ask.
      const before = asked.length
      await change('works', { weight: '3' }, true)
      assert.equal(asked.length, before)
      gateway.status = 502
      const unknown = await add({ ...razorpay, id: 'who-knows' }, true)
      assert.equal(unknown.admission?.kind, 'unknown')
      const ids = (await all()).map(({ account }) => account.id)
      assert.deepEqual(ids.sort(), ['who-knows', 'works'])
    })
  })
}

test("a gateway's words are told without the credentials that it quotes", async () => {
  const account = { id: 'a', gateway: 'simulator', terms: { weight: 1, holds: false } } as const
  const by = {
    ...({ mode: 'sandbox', bankUrl: 'http://bank.example', publicUrl: '' } as const),
    perform: async <_P, V>() => {
      const message = `no account\u001b[31m hush-secret${'.'.repeat(300)}`
      return { verdict: { kind: 'locked_out', message } as V, calls: [], tookMs: 1 }
    },
  }
  const credentials = { account: 'hush-secret' }
  const told = await checkAccount(by, { merchant, account, credentials })
  assert(told.kind === 'locked_out')
  assert.match(told.message, /^no account \[31m …\.+$/)
  assert.equal(told.message.length, 200)
  const access = {
    baseUrl: '',
    origins: [],
    credentials,
    callbackUrl: '',
    transcribed: new Set<string>(),
  }
  assert.deepEqual(await checkReachable(by, { account, access }), told)
})

test('of an address that is not the gateway’s own, the kind of answer is told alone', async () => {
  const account = { id: 'a', gateway: 'razorpay', terms: { weight: 1, holds: false } } as const
  const of = async (baseUrl: string, reply: Reply) => {
    const by = {
      ...({ mode: 'sandbox', bankUrl: 'http://bank.example', publicUrl: '' } as const),
      perform: async <P, V>({ hear }: Question<P, V>, about: P, access: Access) => {
        const answer = reply.kind === 'answer' ? reply.status : reply.because
        const call = { call: 'GET /', answer, ms: 1, asked: {}, heard: {} }
        return { verdict: hear(reply, about, access) as V, calls: [call], tookMs: 1 }
      },
    }
    const credentials = { key_id: 'rzp_test_1', key_secret: 'x' }
    const told = await checkAccount(by, { merchant, account: { ...account, baseUrl }, credentials })
    return told.kind === 'unknown' ? told.because : JSON.stringify(told)
  }
  const own = 'https://api.razorpay.com'
  const teapot: Reply = { kind: 'answer', status: 418, body: 'rack 7' }
  const refused: Reply = { kind: 'answer', ...lockedOut }
  const silence: Reply = { kind: 'silence', because: 'ECONNREFUSED', sent: false }
  assert.match(await of(own, teapot), /418/)
  assert.match(await of(own, refused), /Authentication failed/)
  const elsewhere = 'http://10.0.0.7:9000'
  assert.equal(await of(elsewhere, teapot), 'an answer that is not of this gateway')
  assert.doesNotMatch(await of(elsewhere, refused), /Authentication/)
  assert.equal(await of(elsewhere, silence), 'ECONNREFUSED')
  assert.equal(await of(elsewhere, { kind: 'answer', ...letIn }), '{"kind":"works"}')
})
