import { placeMerchant } from '../add-merchant.ts'
import type { Env } from '../env.ts'
import { isMerchantId } from '../ids.ts'
import { doAudited } from '../merchants/do-audited.ts'
import { mayReturnTo, readSetting, type Settings } from '../merchants/merchant.ts'
import { changeSettings, findMerchant } from '../merchants/merchants.ts'
import { CannotStart, type Store } from '../open-store.ts'
import { byOperator, environment, say, Usage, unknownMerchant, withStore } from './command.ts'

/** `merchants add ID` and `merchants set ID key=value …`. Throws Usage and CannotStart. */
export async function merchants([action, id, ...pairs]: readonly string[]): Promise<void> {
  if (!id || !isMerchantId(id)) {
    throw new Usage('a merchant id is 1 to 32 letters, digits, - and _')
  }
  const env = environment()
  switch (action) {
    case 'add':
      if (pairs.length > 0) throw new Usage('merchants add takes one id')
      return withStore(env, async (store) => {
        const { now: at, actor } = byOperator()
        const done = { merchant: id, at, actor, deed: 'merchant_added', subject: id } as const
        const merchant = { id, mode: env.mode, at }
        const added = await doAudited(store, done, (t) => placeMerchant(t, store.seal, merchant))
        say(added ? `Merchant ${id} is added.` : `Merchant ${id} was there already.`)
      })
    case 'set': {
      const settings = settingsIn(pairs, env)
      return withStore(env, async (store) => {
        await set(store, env, { id, settings })
        say(`Merchant ${id}: ${pairs.join(' ')}`)
      })
    }
    default:
      throw new Usage('merchants add ID, or merchants set ID key=value')
  }
}

async function set(
  store: Store,
  { mode }: Env,
  { id, settings }: { id: string; settings: Partial<Settings> },
): Promise<void> {
  const merchant = await findMerchant({ ...store, mode }, id)
  if (!merchant) throw unknownMerchant(id)
  const all = { ...merchant.settings, ...settings }
  if (all.return_url !== '' && !mayReturnTo(all.return_url, all, mode)) {
    throw new CannotStart(`return_url is at none of the merchant's return_origins`)
  }
  const { now: at, actor } = byOperator()
  // Values are the operator's business; the log says what was touched.
  const subject = Object.keys(settings).join(' ')
  const done = { merchant: merchant.id, at, actor, deed: 'settings_changed', subject } as const
  await doAudited(store, done, (t) => changeSettings(t, id, settings))
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
