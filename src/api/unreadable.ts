import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { newRequestId } from '../ids.ts'
import { Refusal } from '../refusal.ts'
import { refusalBody } from '../wire/refusal-view.ts'

/** Answers bytes that are no HTTP request, on the raw socket, and closes it. */
export function answerUnreadable(
  this: FastifyInstance,
  error: Error & { code?: string },
  socket: Socket,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, refusal } = unreadable(error.code)
  const id = newRequestId()
  const body = JSON.stringify(refusalBody(refusal, id))
  this.log.info({ request_id: id, status, code: error.code }, 'unreadable request')
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n` +
      'content-type: application/json; charset=utf-8\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\ncache-control: no-store\r\n` +
      `x-content-type-options: nosniff\r\nx-request-id: ${id}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function unreadable(code: string | undefined): { status: number; refusal: Refusal } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, refusal: new Refusal('too_large') }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, refusal: new Refusal('too_large') }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        refusal: new Refusal('malformed_body', { subject: 'it took too long' }),
      }
    default:
      return { status: 400, refusal: new Refusal('malformed_body', { subject: 'it is not HTTP' }) }
  }
}
