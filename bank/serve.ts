import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Bank } from './bank.ts'

/** A bank that listens on a socket. */
export interface ServedBank {
  /** The base of its API and pages, e.g. `http://127.0.0.1:8081/bank`. */
  url: string
  close(): Promise<void>
}

/**
 * Serves a bank over HTTP. A connection reset is a destroyed socket, a time-out one that is never
 * answered. `open` makes the bank once its public URL is known. Rejects when it cannot listen.
 */
export async function serve(options: {
  host: string
  /** 0 takes any free one. */
  port: number
  open: (publicUrl: string) => Bank
}): Promise<ServedBank> {
  const { host, port, open } = options
  const server = createServer()
  await listen(server, host, port)
  const taken = (server.address() as AddressInfo).port
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${taken}`
  const url = `${origin}/bank`
  const bank = open(url)
  server.on('request', (incoming, outgoing) => {
    answer(bank, origin, { incoming, outgoing }).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'TimeoutError') return
      const lost = error instanceof TypeError && error.message === 'fetch failed'
      if (!lost && !incoming.socket.destroyed) console.error(error)
      outgoing.destroy()
    })
  })
  return {
    url,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      await bank.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function answer(
  bank: Bank,
  origin: string,
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const body = await read(incoming)
  const method = incoming.method ?? 'GET'
  const request = requestOf(`${origin}${incoming.url}`, { method, body, signal: gone.signal })
  if (!request) {
    outgoing.writeHead(400).end()
    return
  }
  const response = await bank.fetch(request)
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.end(Buffer.from(await response.arrayBuffer()))
}

// As much as the bank itself looks at, in UTF-8 of the longest kind; the rest is never kept.
const bodyLimitBytes = 4 * 65_536

async function read(incoming: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of incoming) {
    if (length > bodyLimitBytes) continue
    chunks.push(chunk)
    length += chunk.length
  }
  return Buffer.concat(chunks)
}

/** The request as `fetch` knows it; undefined for what cannot be one (e.g. the method TRACE). */
function requestOf(
  url: string,
  { method, body, signal }: { method: string; body: Buffer<ArrayBuffer>; signal: AbortSignal },
): Request | undefined {
  try {
    const bare = method === 'GET' || method === 'HEAD'
    return new Request(url, { method, signal, ...(!bare && { body }) })
  } catch {
    return undefined
  }
}
