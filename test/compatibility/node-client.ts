import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { certificateOf } from './certificate.ts'

/** What the client is configured with. */
export interface Setup {
  readonly merchantId: string
  readonly baseUrl: string
  readonly apiKey?: string
  readonly jweAuth?: { keyId: string; publicKey: string; privateKey: string }
}

/** One call of a method of the client. */
export interface Request {
  readonly resource: 'order' | 'payments' | 'customer' | 'orderSession'
  readonly method: string
  readonly words: readonly unknown[]
}

/** What came of it: what its promise was fulfilled or rejected with. */
export interface Told {
  readonly answer?: Readonly<Record<string, unknown>>
  readonly error?: Readonly<Record<string, unknown>>
}

/** The client in a process of its own. */
export interface NodeClient {
  readonly call: (request: Request) => Promise<Told>
  readonly end: () => Promise<void>
}

const host = 'api.directotp.test'

/** The address that the client is given: https, and no port. */
export const frontUrl = `https://${host}`

/** A TLS front of the server at `url`, as a merchant would have it before theirs. */
export async function openFront(url: string) {
  const certificate = certificateOf(host)
  const front = createServer(certificate, (socket) => {
    const { hostname, port } = new URL(url)
    const behind = connect(Number(port), hostname)
    socket.on('error', () => behind.destroy()).pipe(behind)
    behind.on('error', () => socket.destroy()).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  const folder = await mkdtemp(join(tmpdir(), 'directotp-client-'))
  const trusted = join(folder, 'front.pem')
  await writeFile(trusted, certificate.cert)
  return {
    port: (front.address() as AddressInfo).port,
    trusted,
    folder,
    close: async () => {
      front.close()
      await once(front, 'close')
      await rm(folder, { recursive: true })
    },
  }
}

/** Starts the client in the folder of a shop that uses it. */
export async function startClient(
  { port, trusted, folder }: { port: number; trusted: string; folder: string },
  setup: Setup,
): Promise<NodeClient> {
  // The client names the package that it is used by.
  await writeFile(join(folder, 'package.json'), '{"name":"shop","version":"1.0.0"}')
  const child = fork(fileURLToPath(new URL('node-client-process.ts', import.meta.url)), [], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      NODE_EXTRA_CA_CERTS: trusted,
      FRONT_PORT: String(port),
      CLIENT_SETUP: JSON.stringify(setup),
    },
  })
  const gone = once(child, 'exit').then(() => assert.fail('the client is gone'))
  gone.catch(() => {})
  const hear = () => Promise.race([once(child, 'message').then(([said]) => said), gone])
  assert.equal(await hear(), 'ready')
  return {
    call: async (request) => {
      const told = hear()
      child.send(request)
      return (await told) as Told
    },
    end: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
