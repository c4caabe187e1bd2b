import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addMerchant } from './add-merchant.ts'
import type { App } from './app.ts'
import { type Env, readProcessEnv } from './env.ts'
import { isMerchantId, type MerchantId } from './ids.ts'
import { keyHash, keyId, newKey } from './merchants/key.ts'
import { readSetting, type Settings, settingNames } from './merchants/merchant.ts'
import { changeSettings, findMerchant, insertKey, revokeKey } from './merchants/merchants.ts'
import { CannotStart, openStore, type Store } from './open-store.ts'
import { Secret } from './secret.ts'

const help = `directotp: Direct OTP card payments on your own server

  directotp serve                         serve the API (npm start does this)
  directotp merchants add ID              add a merchant
  directotp merchants set ID key=value …  change a merchant's settings:
${settingNames.map((name) => `                                            ${name}`).join('\n')}
  directotp keys create MERCHANT          make an API key; it is printed once
  directotp keys revoke KEY               revoke an API key, by itself or by its id
  directotp migrate                       bring the database up to date
  directotp --help                        show this

The environment (MODE, DATA_DIR, DATABASE_URL, …) is read as by the server: see README.md.
`

/** Wrong words on the command line. */
class Usage extends Error {}

async function run(words: readonly string[]): Promise<void> {
  const [command, ...rest] = words
  switch (command) {
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(help)
      return
    case 'serve':
      return serve(environment())
    case 'migrate':
      return withStore(environment(), async () => say('The database is up to date.'))
    case 'merchants':
      return merchants(rest)
    case 'keys':
      return keys(rest)
    default:
      throw new Usage(`there is no command ${command}`)
  }
}

async function serve(env: Env): Promise<void> {
  // Loaded only here: the other commands are done before the server's code would be read.
  const { startApp } = await import('./app.ts')
  const app = await startApp(env, process.stdout)
  let closing = false
  const stop = () => {
    if (closing) return
    closing = true
    app.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  say(app.demo ? welcome(app, app.demo) : `Serving at ${app.publicUrl}`)
}

/** What a developer needs for a first payment. The order's id is new at every start. */
function welcome(app: App, { merchant, key, bankUrl }: NonNullable<App['demo']>): string {
  const base = app.publicUrl
  const order = `order-${Date.now().toString(36)}`
  const answer = join(tmpdir(), `${order}.json`)
  const as = `curl -s -u ${key.reveal()}:`
  const challenge = `$(sed 's/.*"challenge_id":"\\([^"]*\\)".*/\\1/' ${answer})`
  return `
directotp is serving in sandbox mode.

  Base URL     ${base}
  Merchant id  ${merchant}
  API key      ${key.reveal()}
  SMS inbox    ${bankUrl}/inbox

One payment, in four lines to paste:

${as} ${base}/orders -d order_id=${order} -d amount=100.00
${as} ${base}/txns -d order_id=${order} -d merchant_id=${merchant} -d payment_method_type=CARD -d card_number=4242424242424242 -d card_exp_month=11 -d card_exp_year=27 -d card_security_code=123 -d auth_type=OTP -d format=json | tee ${answer}
${as} ${base}/v2/txns/${merchant}-${order}-1/authenticate -d challenge_id=${challenge} -d answer.otp=123456
${as} ${base}/orders/${order}
`
}

async function merchants([action, id, ...pairs]: readonly string[]): Promise<void> {
  if (!id || !isMerchantId(id)) {
    throw new Usage('a merchant id is 1 to 32 letters, digits, - and _')
  }
  const env = environment()
  switch (action) {
    case 'add':
      if (pairs.length > 0) throw new Usage('merchants add takes one id')
      return withStore(env, async (store) => {
        const added = await addMerchant(store, { id, mode: env.mode, at: Date.now() })
        say(added ? `Merchant ${id} is added.` : `Merchant ${id} was there already.`)
      })
    case 'set': {
      const settings = settingsIn(pairs, env)
      return withStore(env, async ({ db }) => {
        if (!(await db.tx((t) => changeSettings(t, id, settings)))) throw unknownMerchant(id)
        say(`Merchant ${id}: ${pairs.join(' ')}`)
      })
    }
    default:
      throw new Usage('merchants add ID, or merchants set ID key=value')
  }
}

function settingsIn(pairs: readonly string[], env: Env): Partial<Settings> {
  if (pairs.length === 0) throw new Usage('merchants set takes at least one key=value')
  const settings: Partial<Settings> = {}
  for (const pair of pairs) {
    const [name = '', ...value] = pair.split('=')
    const setting = readSetting(name, value.join('='), env.mode)
    if (!setting) throw new Usage(`${pair} is no setting, or its value is not allowed`)
    Object.assign(settings, setting)
  }
  return settings
}

async function keys([action, subject, ...more]: readonly string[]): Promise<void> {
  if (!subject || more.length > 0) throw new Usage('keys create MERCHANT, or keys revoke KEY')
  const env = environment()
  switch (action) {
    case 'create':
      return withStore(env, async (store) => {
        if (!(await findMerchant({ ...store, mode: env.mode }, subject))) {
          throw unknownMerchant(subject)
        }
        const key = newKey(env.mode)
        const hash = keyHash(key)
        const merchant = subject as MerchantId
        await store.db.tx(async (t) => insertKey(t, { hash, merchant, at: Date.now() }))
        say(`${key.reveal()}\nKey ${keyId(hash)} of ${merchant}. It is not shown again.`)
      })
    case 'revoke': {
      const id = /^[0-9a-f]{12}$/.test(subject) ? subject : keyId(keyHash(new Secret(subject)))
      return withStore(env, async ({ db }) => {
        if (!(await db.tx((t) => revokeKey(t, id, Date.now())))) {
          throw new CannotStart(`there is no key ${id} to revoke`)
        }
        say(`Key ${id} is revoked.`)
      })
    }
    default:
      throw new Usage('keys create MERCHANT, or keys revoke KEY')
  }
}

function environment(): Env {
  const read = readProcessEnv()
  if ('ok' in read) return read.ok
  throw new CannotStart(read.wrong.join('\n'))
}

async function withStore(env: Env, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore(env)
  try {
    await work(store)
  } finally {
    await store.db.close()
  }
}

function unknownMerchant(id: string): CannotStart {
  return new CannotStart(`there is no merchant ${id}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Prints what the operator must know and ends: 2 for what they can mend, 1 for a bug. */
function fail(error: unknown): never {
  if (error instanceof Usage) process.stderr.write(`${error.message}\n\n${help}`)
  else if (error instanceof CannotStart) process.stderr.write(`${error.message}\n`)
  else console.error(error)
  process.exit(error instanceof Usage || error instanceof CannotStart ? 2 : 1)
}

run(process.argv.slice(2)).catch(fail)
