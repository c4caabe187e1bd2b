import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { App } from './app.ts'
import { environment, say, Usage, withStore } from './commands/command.ts'
import { keys } from './commands/keys.ts'
import { merchants } from './commands/merchants.ts'
import type { Env } from './env.ts'
import { settingNames } from './merchants/merchant.ts'
import { CannotStart } from './open-store.ts'

const help = async () => `directotp: Direct OTP card payments on your own server

  directotp serve                         serve the API (npm start does this)
  directotp merchants add ID              add a merchant
  directotp merchants set ID key=value …  change a merchant's settings:
${settingNames.map((name) => `                                            ${name}`).join('\n')}
  directotp keys create MERCHANT          make an API key; it is printed once
  directotp keys revoke KEY               revoke an API key, by itself or by its id
  directotp keys response MERCHANT        make a response key in place of the old; printed once
  directotp keys jwt add MERCHANT FILE    register a public key (PEM) for encrypted calls
  directotp keys jwt list MERCHANT        list a merchant's keys for encrypted calls
  directotp keys jwt revoke MERCHANT KID  revoke one
  directotp keys rotate                   bring all secrets under the first MASTER_KEY, and every
                                            card under a new data key; servers may run on
  directotp audit verify [MERCHANT] [--since FILE]
                                          check the audit log, also against what an earlier
                                            check printed; 1 when it was changed
  directotp audit list [MERCHANT]         print a merchant's audit log, or the server's own
  directotp accounts list MERCHANT        list a merchant's accounts at gateways
  directotp accounts add MERCHANT GATEWAY name=value …
                                          add one, once its gateway lets it in; secrets are read
                                            from stdin: key_id=… key_secret=- (a line each);
                                            the gateways and their credentials:
${(await gatewayLines()).map((line) => `                                            ${line}`).join('\n')}
  directotp accounts set MERCHANT ID name=value …
                                          change one: weight=… base_url=… or all its credentials
  directotp accounts check|disable|enable MERCHANT ID
                                          ask its gateway, start no payment there, start them again
  directotp webhooks list MERCHANT        list a merchant's webhook endpoints
  directotp webhooks add MERCHANT URL …   add one; its secret is printed once:
                                            user=… password=- (read from stdin)
                                            events=A,B header=Name:value …
  directotp webhooks remove|enable|rotate MERCHANT ID
                                          take one away, resume it, give it a new secret
  directotp webhooks redeliver MERCHANT … send again: id=… | order=… | from=… to=…
  directotp routing show MERCHANT         print a merchant's routing rules
  directotp routing set MERCHANT FILE|-   set them, from a file or stdin (JSON)
  directotp routing replay MERCHANT --since YYYY-MM-DD [--rules FILE]
                                          what they would have made of past payments
  directotp bins import FILE.csv          lay a file of card ranges over the BIN table
  directotp chores --once                 do now what the server does by itself; once
  directotp migrate                       bring the database up to date
  directotp --help                        show this

The environment (MODE, DATA_DIR, DATABASE_URL, …) is read as by the server: see README.md.
`

const seeHelp = 'directotp --help shows all that can be said.\n'

async function gatewayLines(): Promise<string[]> {
  const lines = await import('./commands/gateway-lines.ts')
  return lines.gatewayLines()
}

/** Does what the words say. Only what needs the server's code reads it: the rest is done sooner. */
async function run(words: readonly string[]): Promise<void> {
  const [command, ...rest] = words
  switch (command) {
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(await help())
      return
    case 'serve':
      return serve(environment())
    case 'migrate':
      return withStore(environment(), async () => say('The database is up to date.'))
    case 'merchants':
      return merchants(rest)
    case 'keys':
      return keys(rest)
    case 'audit': {
      const { audit } = await import('./commands/audit.ts')
      return audit(rest)
    }
    case 'accounts': {
      const { accounts } = await import('./commands/accounts.ts')
      return accounts(rest)
    }
    case 'webhooks': {
      const { webhooks } = await import('./commands/webhooks.ts')
      return webhooks(rest)
    }
    case 'routing': {
      const { routing } = await import('./commands/routing.ts')
      return routing(rest)
    }
    case 'bins': {
      const { bins } = await import('./commands/bins.ts')
      return bins(rest)
    }
    case 'chores': {
      const { chores } = await import('./commands/chores.ts')
      return chores(rest)
    }
    default:
      throw new Usage(`there is no command ${command}`)
  }
}

async function serve(env: Env): Promise<void> {
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
function welcome(app: App, demo: NonNullable<App['demo']>): string {
  const { merchant, key, responseKey, bankUrl } = demo
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
  Response key ${responseKey.reveal()}
  SMS inbox    ${bankUrl}/inbox

One payment, in four lines to paste:

${as} ${base}/orders -d order_id=${order} -d amount=100.00
${as} ${base}/txns -d order_id=${order} -d merchant_id=${merchant} -d payment_method_type=CARD -d card_number=4242424242424242 -d card_exp_month=11 -d card_exp_year=27 -d card_security_code=123 -d auth_type=OTP -d format=json | tee ${answer}
${as} ${base}/v2/txns/${merchant}-${order}-1/authenticate -d challenge_id=${challenge} -d answer.otp=123456
${as} ${base}/orders/${order}
`
}

/** Prints what the operator must know and ends: 2 for what they can mend, 1 for a bug. */
function fail(error: unknown): never {
  if (error instanceof Usage) process.stderr.write(`${error.message}\n\n${seeHelp}`)
  else if (error instanceof CannotStart) process.stderr.write(`${error.message}\n`)
  else console.error(error)
  process.exit(error instanceof Usage || error instanceof CannotStart ? 2 : 1)
}

/** Whoever reads has read enough (`| head`); what was begun goes on to its end. */
function stopTelling(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
}

process.stdout.on('error', stopTelling)
process.stderr.on('error', stopTelling)
run(process.argv.slice(2)).catch(fail)
