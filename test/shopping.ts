import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Variables } from '../src/env.ts'
import {
  bookAt,
  type Caller,
  type Challenge,
  challengeIn,
  type Form,
  rightOtp,
  testCard,
} from './caller.ts'
import { callerAt, type Scene, startServer } from './scene.ts'
import type { Spawned } from './support.ts'

/** A payment that a shopper made. */
export interface Bought {
  readonly order: string
  /** Whether the card was to be stored. */
  readonly isSaved: boolean
  /** From the first call to the answer that it is paid. */
  readonly ms: number
  /** Whether the server died meanwhile. */
  readonly interrupted: boolean
}

/** A shop that is open. */
export interface Shopping {
  /** Kills the server and starts another. */
  readonly killServer: () => Promise<void>
  /** Starts no more payments, waits for those under way, and ends the server. */
  readonly close: () => Promise<readonly Bought[]>
}

/** How a shop is run. */
export interface Trade {
  readonly perSecond: number
  /** The variables of its server, beside the scene's. */
  readonly more: Variables
  /** The tokens of stored test cards: the first is of the customer `regular-0`, and so on. */
  readonly tokens: readonly string[]
}

/** A server, and shoppers who come at a steady rate and pay whatever happens to it. */
export async function openShop(
  scene: Scene,
  { perSecond, more, tokens }: Trade,
): Promise<Shopping> {
  const start = () => startServer(scene, more)
  let server: Promise<Spawned> = start()
  await server
  const buying: Promise<Bought>[] = []
  const opened = performance.now()
  const pace = setInterval(() => {
    const due = ((performance.now() - opened) / 1_000) * perSecond
    while (buying.length < due) {
      const bought = buy(wishOf(buying.length, tokens), () => server)
      // A failure is told when the shop is closed.
      bought.catch(() => {})
      buying.push(bought)
    }
  }, 5)
  return {
    killServer: async () => {
      const old = await server
      server = sleep(0).then(start)
      old.child.kill('SIGKILL')
      await server
    },
    close: async () => {
      clearInterval(pace)
      const bought = await Promise.all(buying)
      const { child, ended } = await server
      child.kill('SIGTERM')
      assert.equal(await ended, 0)
      return bought
    },
  }
}

/**
 * After a crash a payment is in doubt until its lease is over, 35 s at most, and is then asked; a
 * busy machine takes longer.
 */
const patienceMs = 180_000

/** What a shopper wants: each third pays with a stored card, and each third has one stored. */
interface Wish {
  readonly order: string
  readonly customer: string
  readonly card: Form
  readonly isSaved: boolean
}

function wishOf(n: number, tokens: readonly string[]): Wish {
  const order = `load-${n}`
  const regular = Math.floor(n / 3) % tokens.length
  if (n % 3 === 1) {
    const card = { card_token: tokens[regular] ?? '', card_security_code: '123' }
    return { order, customer: `regular-${regular}`, card, isSaved: false }
  }
  const isSaved = n % 3 === 2
  const card = isSaved ? { ...testCard, save_to_locker: 'true' } : testCard
  return { order, customer: `new-${n}`, card, isSaved }
}

/** Pays one order, whatever happens to the server: it is asked again when there is one. */
async function buy(wish: Wish, server: () => Promise<Spawned>): Promise<Bought> {
  const { order, isSaved } = wish
  const began = performance.now()
  const note: Note = { interrupted: false }
  for (;;) {
    const ms = performance.now() - began
    assert(ms < patienceMs, `${order} is not paid: ${note.last}`)
    try {
      if (await goOn(wish, callerAt(await server()), note)) {
        return { order, isSaved, interrupted: note.interrupted, ms: performance.now() - began }
      }
    } catch (error) {
      // `fetch` throws nothing else when nobody answers.
      if (!(error instanceof TypeError)) throw error
      note.interrupted = true
    }
    await sleep(100)
  }
}

interface Note {
  /** Whether the server died meanwhile. */
  interrupted: boolean
  last?: string
  challenge?: Challenge
}

/** The next steps of a payment; whether it is paid. */
async function goOn({ order, customer, card }: Wish, caller: Caller, note: Note) {
  const { interrupted } = note
  const created = await caller.create(order, { customer_id: customer })
  assert.equal(created.status, 200, created.text)
  const { status, resp_code: code } = created.body
  note.last = `${status} ${code}`
  if (status === 'CHARGED') return true
  // The server died before the bank heard of it: that is a definite end, and another start.
  const wasUnsaid = status === 'AUTHORIZATION_FAILED' && code === 'TXN_NOT_FOUND'
  if (status === 'NEW' || wasUnsaid || (status === 'PENDING_VBV' && !note.challenge)) {
    const how = { payment_method_type: 'CARD', auth_type: 'OTP', format: 'json' }
    const { merchant: merchant_id } = caller
    const start = { order_id: order, merchant_id, ...how, ...card }
    note.challenge = challengeIn(await caller.call('/txns', start))
  } else if (status !== 'PENDING_VBV') {
    return (await caller.status(order)).body.status === 'CHARGED'
  }
  assert(note.challenge)
  const answer = await caller.submit(note.challenge, rightOtp)
  // A dead server's question is under way until its lease is over.
  if (interrupted && answer.body.error_message === 'Transaction is inprocess') return false
  assert.equal(answer.status, 200, answer.text)
  return answer.body.status === 'CHARGED'
}

/** Everybody paid once, and the bank knows of no more. */
export async function checkBook(scene: Scene, bought: readonly Bought[]): Promise<void> {
  const { charges } = await bookAt(scene.bankUrl)
  const charged = charges.map(({ order }) => order)
  assert.equal(new Set(charged).size, charged.length, 'an order was charged twice')
  assert.deepEqual(charged.sort(), bought.map(({ order }) => order).sort())
  const sql = "select order_id from txns where status = 'CHARGED'"
  assert.equal((await scene.database.db.read(sql, [])).length, bought.length)
}
