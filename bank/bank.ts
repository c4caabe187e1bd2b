import { randomBytes } from 'node:crypto'
import { openAcquirer } from './acquirer.ts'
import { type Book, type BookPlace, openBook, readFact, writeFact } from './book.ts'
import { openCallbacks } from './callbacks.ts'
import { type Clock, moved, realClock, timeOf } from './clock.ts'
import { openDesk } from './desk.ts'
import { openMoods } from './moods.ts'
import { BadInput, readAmount, readOtp, readStart, readVoid, textOf } from './request.ts'
import { seedFrom } from './seed.ts'
import { carry, connectionReset, json } from './wire.ts'

/** A simulated bank. */
export interface Bank {
  /**
   * Answers one request, like `fetch`; the path may begin with `/bank` or not. Moods can make it
   * reject as `fetch` would: TypeError for a connection reset, DOMException for a time-out.
   */
  fetch(request: Request): Promise<Response>
  /** The time on the bank's clock, epoch milliseconds. */
  now(): number
  /** Closes the book; slow calls still under way are reset. */
  close(): Promise<void>
}

/** Where the bank keeps its book and what it starts from. */
export interface BankOptions {
  book: BookPlace
  /** What ids and OTPs derive from; without it a random one is made and kept in the book. */
  seed?: string
  /** The base of links to the bank's pages, e.g. `http://127.0.0.1:8080/bank`. */
  publicUrl: string
  /** The real time, epoch milliseconds. */
  now?: () => number
}

/**
 * Opens a simulated bank.
 * @throws Error when the book was begun with another seed
 */
export function openBank({
  book: place,
  seed,
  publicUrl,
  now: real = Date.now,
}: BankOptions): Bank {
  const book = openBook(place)
  const derive = seedFrom(keptSeed(book, seed))
  let clock = keptClock(book)
  const now = () => timeOf(clock, real())
  const moods = openMoods(book, derive)
  const callbacks = openCallbacks({ book, seed: derive, now, clock: () => clock })
  const acquirer = openAcquirer({ book, moods, seed: derive, now, callbacks, publicUrl })
  const desk = openDesk({
    book,
    moods,
    now,
    otpOf: acquirer.otpOf,
    clock: () => clock,
    moveClock: (move) => {
      clock = moved(clock, move, real())
      writeFact(book, 'clock', JSON.stringify(clock))
    },
  })
  const closing = new AbortController()

  const reply = async (request: Request, path: string) => {
    const [, first, second = '', third = ''] = path.split('/')
    if (request.method === 'POST' && first === 'payments') {
      const text = await textOf(request)
      if (second === '') return acquirer.start(readStart(text))
      if (third === 'otp') return acquirer.submit(second, readOtp(text))
      if (third === 'resend') return acquirer.resend(second)
      if (third === 'capture') return acquirer.capture(second, readAmount(text))
      if (third === 'void') return acquirer.void(second, readVoid(text))
      if (third === 'refunds') return acquirer.refund(second, readAmount(text))
    }
    if (request.method === 'GET' && second === 'by-reference') {
      const reference = decodeURIComponent(third)
      return first === 'refunds' ? acquirer.findRefund(reference) : acquirer.find(reference)
    }
    return { status: 404, body: { error: 'no_such_call' } }
  }

  return {
    now,
    fetch: async (request) => {
      request.signal.throwIfAborted()
      if (closing.signal.aborted) throw connectionReset()
      const { path, query } = addressOf(request.url)
      try {
        if (!/^\/(payments|refunds)(\/|$)/.test(path)) return await desk(request, path, query)
        const answer = await reply(request, path)
        if (answer.wire === undefined) return await carry(answer, request.signal)
        return await carry(answer, AbortSignal.any([request.signal, closing.signal]))
      } catch (error) {
        if (error instanceof BadInput) {
          return json({ error: 'bad_input', problems: error.problems }, error.status)
        }
        if (error instanceof URIError) {
          return json({ error: 'bad_input', problems: ['the path is not percent-encoded'] }, 400)
        }
        throw error
      } finally {
        // Whoever has asked hears the answer first.
        setImmediate(() => callbacks.tell(path.split('/')[2] ?? ''))
      }
    },
    close: async () => {
      closing.abort(connectionReset())
      callbacks.close()
      book.close()
    },
  }
}

function keptSeed(book: Book, given: string | undefined): string {
  const kept = readFact(book, 'seed')
  if (kept !== undefined && given !== undefined && kept !== given) {
    throw new Error('the book of the bank was begun with another seed')
  }
  const seed = kept ?? given ?? randomBytes(32).toString('base64url')
  if (kept === undefined) writeFact(book, 'seed', seed)
  return seed
}

function keptClock(book: Book): Clock {
  const kept = readFact(book, 'clock')
  return kept === undefined ? realClock : { ...realClock, ...JSON.parse(kept) }
}

/** The path without a leading `/bank`, and the query, of an absolute URL that `Request` parsed. */
function addressOf(url: string): { path: string; query: string } {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const [address = ''] = url.slice(start).split('#', 1)
  const mark = address.indexOf('?')
  const whole = mark < 0 ? address : address.slice(0, mark)
  const path = whole.startsWith('/bank/') ? whole.slice('/bank'.length) : whole
  return { path, query: mark < 0 ? '' : address.slice(mark + 1) }
}
