import { connect, type Socket } from 'node:net'

/** An HTTP answer, as much of it as the bench looks at. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/** A kept connection that carries one call at a time. */
export interface Line {
  call(head: string, body?: string): Promise<Answer>
  close(): void
}

/**
 * Opens a connection that writes and reads HTTP/1.1 by hand. Node's own client costs more than the
 * server it calls, and would be what is measured on two cores.
 */
export function openLine(port: number): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(lineOn(socket))
    })
  })
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

function lineOn(socket: Socket): Line {
  let text = ''
  let waiting: Waiting | undefined
  const fail = () => {
    waiting?.reject(new Error('the server closed the connection'))
    waiting = undefined
  }
  socket.setEncoding('latin1')
  socket.on('error', fail)
  socket.on('close', fail)
  socket.on('data', (part: string) => {
    text += part
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd === -1) return
    const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1]
    if (length === undefined) return fail()
    const end = headEnd + 4 + Number(length)
    if (text.length < end) return
    const answer = { status: Number(text.slice(9, 12)), body: text.slice(headEnd + 4, end) }
    text = text.slice(end)
    waiting?.resolve(answer)
    waiting = undefined
  })
  return {
    call: (head, body = '') =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        const length = body === '' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
        socket.write(`${head}${length}\r\n${body}`)
      }),
    close: () => socket.destroy(),
  }
}
