import { type PostgresServer, startPostgres } from './postgres.ts'

let server: PostgresServer | undefined

/** Starts the one PostgreSQL of a test run; the test files find it by this variable. */
export async function globalSetup(): Promise<void> {
  server = await startPostgres()
  process.env['DIRECTOTP_TEST_POSTGRES'] = server.url
}

/** Ends it when the last test file has. */
export function globalTeardown(): void {
  server?.stop()
}
