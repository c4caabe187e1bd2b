import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readCard } from '../../src/cards/card.ts'
import { findAccount } from '../../src/gateways/accounts.ts'
import { type GatewayName, gatewayNamed, gateways } from '../../src/gateways/catalog.ts'
import type { Gateway } from '../../src/gateways/gateway.ts'
import { makePerform, openNetwork } from '../../src/gateways/perform.ts'
import type { OrderId } from '../../src/ids.ts'
import { paise } from '../../src/money.ts'
import { authenticate } from '../../src/payments/authenticate.ts'
import { createOrder } from '../../src/payments/create-order.ts'
import { issueRefund } from '../../src/payments/issue-refund.ts'
import { pay } from '../../src/payments/pay.ts'
import { refundsOf } from '../../src/payments/refunds.ts'
import { sendRefund } from '../../src/payments/send-refund.ts'
import { sync } from '../../src/payments/sync.ts'
import type { Txn } from '../../src/payments/txn.ts'
import type { World } from '../../src/payments/world.ts'
import { Secret } from '../../src/secret.ts'
import { engines } from '../databases.ts'
import { by, openWorld, type ScriptedWorld } from '../world.ts'
import { addAccount } from './fake-account.ts'
import { fakes } from './fakes.ts'

/**
 * `npm run test:live`: the gateways' own sandboxes, for whoever has keys there. Each credential of
 * a gateway is read from a variable named after both, as in `RAZORPAY_KEY_ID`.
 */
const names = (Object.keys(gateways) as GatewayName[]).filter(
  (name) => gatewayNamed(name).hosts.sandbox.length > 0,
)

for (const name of names) {
  const gateway = gatewayNamed(name)
  const variables = variablesOf(name, gateway)
  const missing = variables.filter(({ needed, value }) => needed && !value)
  if (missing.length > 0) {
    const wanted = missing.map(({ variable }) => variable).join(' and ')
    test(`${name}'s sandbox`, { skip: `set ${wanted}` }, () => {})
    continue
  }
  const given = variables.flatMap(({ name: key, value }) => (value ? [[key, value]] : []))
  describe(`${name}'s sandbox`, () => sandbox(name, Object.fromEntries(given)))
}

function variablesOf(name: GatewayName, { credentials }: Gateway) {
  return credentials.map((text) => {
    const key = text.replace('?', '')
    const variable = `${name}_${key}`.toUpperCase()
    return { name: key, variable, needed: key === text, value: process.env[variable] }
  })
}

/** Keys that could move real money are not used: neither those that say so, nor on a live host. */
function refuseLive(gateway: Gateway, credentials: Readonly<Record<string, string>>): void {
  const mode = gateway.modeOf?.(credentials)
  assert.notEqual(mode, 'live', 'these are live keys; only test keys are used here')
  const isShared = gateway.hosts.sandbox.some((host) => gateway.hosts.live.includes(host))
  assert(mode === 'sandbox' || !isShared, 'these keys do not show that they are test keys')
}

function sandbox(name: GatewayName, credentials: Readonly<Record<string, string>>): void {
  const gateway = gatewayNamed(name)
  const network = openNetwork()
  const run = Date.now().toString(36)
  let scripted: ScriptedWorld
  let world: World
  let orders = 0

  before(async () => {
    refuseLive(gateway, credentials)
    const [engine] = engines
    assert(engine)
    scripted = await openWorld(engine)
    world = {
      ...scripted.world,
      perform: makePerform(network.carry),
      publicUrl: 'https://pay.example',
      now: Date.now,
      elapsed: () => performance.now(),
      sleep: (ms) => sleep(ms),
    }
    const { merchant, database } = scripted
    await database.db.tx(async (t) => {
      const fake = { gateway: name, credentials }
      addAccount(t, world.seal, {
        merchant: merchant.id,
        account: name,
        fake,
        at: Date.now(),
        holds: false,
      })
    })
  })
  after(async () => {
    await network.close()
    await scripted?.database.close()
  })

  /** What the gateway publishes for its sandbox, which its stand-in goes by as well. */
  async function testCard() {
    const { cards, otp, close } = await fakes[name]({ now: Date.now })
    await close()
    return { number: cards.good, otp }
  }

  async function open(): Promise<Txn> {
    const orderId = `${run}-${++orders}` as OrderId
    const fields = {
      customer_id: 'c-1',
      customer_email: 'asha@shop.example',
      customer_phone: '9999999999',
      ip_address: '10.0.0.1',
      user_agent: 'Mozilla/5.0',
    }
    const order = { orderId, amount: paise(10_000), currency: 'INR', fields }
    await createOrder(world, scripted.merchant, { order, ifDifferent: 'refuse', by })
    const { number } = await testCard()
    const card = { number, expiryMonth: '11', expiryYear: '35', cvv: '123', name: 'Asha' }
    const read = readCard(card, { mode: 'sandbox', checks: 'strict', now: Date.now() })
    const txn = await pay(world, scripted.merchant, {
      orderId,
      card: { kind: 'entered', ...read },
      save: false,
      auth: 'OTP',
      wish: { accountId: name },
      by,
      actor: 'test',
    })
    assert.equal(txn.status, 'PENDING_VBV', JSON.stringify(txn.said))
    assert.equal(txn.otp.sends, 1, 'the account does OTP for this card')
    return txn
  }

  function submit({ id, challengeId }: Txn, otp: string): Promise<Txn> {
    return authenticate(world, scripted.merchant, { id, challengeId, otp: new Secret(otp), by })
  }

  async function paid(): Promise<Txn> {
    const { otp } = await testCard()
    const txn = await submit(await open(), otp.right)
    assert.equal(txn.status, 'CHARGED', JSON.stringify(txn.said))
    return txn
  }

  test('the keys work', async () => {
    const found = await findAccount(world, scripted.merchant.id, name)
    assert(found)
    const { verdict } = await world.perform(gateway.check, {}, found.access)
    assert.deepEqual(verdict, { kind: 'works' })
  })

  test('the right OTP pays, and the status says so too', async () => {
    const txn = await paid()
    const seen = await sync(world, scripted.merchant, { txn, by })
    assert.deepEqual([seen.status, seen.captured], ['CHARGED', 10_000])
  })

  test('a wrong OTP does not pay', async () => {
    const { otp } = await testCard()
    const txn = await submit(await open(), otp.wrong)
    assert.equal(txn.captured, 0)
    assert.notEqual(txn.status, 'CHARGED')
  })

  test('a refund is taken', async () => {
    const txn = await paid()
    const wish = { order: txn, requestId: `${run}-r`, amount: paise(4_000), by } as const
    const how = { source: 'API', metadata: {} } as const
    const issued = await issueRefund(world, scripted.merchant, { ...wish, ...how })
    assert(issued)
    await sendRefund(world, scripted.merchant, issued.refund)
    const [refund] = await refundsOf(world.db.read, txn)
    assert(refund?.status === 'SUCCESS' || refund?.said.ref !== undefined, 'the gateway has it')
  })
}
