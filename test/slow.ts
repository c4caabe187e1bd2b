import { Server, ServerResponse } from 'node:http'
import { setTimeout as later } from 'node:timers'

// Loaded before a test file by `npm run test:slow`: a machine on which any request, any answer and
// the event loop itself can be late, so that a test which counts on time shows itself.

/** One in so many requests, and one in so many answers, is late. */
const oneIn = 6
const mostMs = 200

const isLate = () => Math.random() < 1 / oneIn
const delayMs = () => Math.random() * mostMs

const { emit } = Server.prototype
Server.prototype.emit = function (this: Server, ...event: Parameters<typeof emit>) {
  if (event[0] !== 'request' || !isLate()) return emit.apply(this, event)
  later(() => emit.apply(this, event), delayMs())
  return true
}

const { end } = ServerResponse.prototype
ServerResponse.prototype.end = function (this: ServerResponse, ...last: unknown[]) {
  if (!isLate()) return end.apply(this, last as never)
  later(() => end.apply(this, last as never), delayMs())
  return this
}

function stall(): void {
  const lock = new Int32Array(new SharedArrayBuffer(4))
  if (isLate()) Atomics.wait(lock, 0, 0, delayMs())
  later(stall, delayMs()).unref()
}
stall()
