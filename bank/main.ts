import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openBank } from './bank.ts'
import { readEnv } from './env.ts'
import { serve } from './serve.ts'

const env = readEnv()
if ('problems' in env) {
  for (const problem of env.problems) console.error(problem)
  process.exit(2)
}

const { host, port, dataDir, book, seed } = env
if (book === 'file') mkdirSync(dataDir, { recursive: true, mode: 0o700 })
const served = await serve({
  host,
  port,
  open: (publicUrl) =>
    openBank({
      book: book === 'file' ? { kind: 'file', path: join(dataDir, 'bank.db') } : { kind: 'memory' },
      ...(seed !== undefined && { seed }),
      publicUrl,
    }),
}).catch((error: Error) => {
  console.error(`The bank cannot start: ${error.message}`)
  process.exit(1)
})

console.log(`BANK_URL=${served.url}`)
console.log(`SMS inbox: ${served.url}/inbox`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => served.close().then(() => process.exit(0)))
}
