/** What the bank is told by its environment when it runs alone. */
export interface BankEnv {
  host: string
  port: number
  /** Where the book file lies. */
  dataDir: string
  book: 'file' | 'memory'
  seed: string | undefined
}

/** Reads the environment; everything that is wrong with it at once, in words for its owner. */
export function readEnv(env: NodeJS.ProcessEnv = process.env): BankEnv | { problems: string[] } {
  const port = env['PORT'] || '8081'
  const book = env['BANK_BOOK'] || 'file'
  const portIsRight = /^\d{1,5}$/.test(port) && Number(port) < 65_536
  const bookIsRight = book === 'file' || book === 'memory'
  if (portIsRight && bookIsRight) {
    return {
      host: env['HOST'] || '127.0.0.1',
      port: Number(port),
      dataDir: env['DATA_DIR'] || './data',
      book,
      seed: env['BANK_SEED'] || undefined,
    }
  }
  const problems = [
    ...(portIsRight ? [] : ['PORT must be a whole number from 0 to 65535']),
    ...(bookIsRight ? [] : ['BANK_BOOK must be file or memory']),
  ]
  return { problems }
}
