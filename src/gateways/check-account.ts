import type { Account } from './account.ts'
import { type AccountReader, accessTo, type Credited, type Reachable } from './accounts.ts'
import { gatewayNamed } from './catalog.ts'
import type { Admission } from './gateway.ts'
import type { Perform } from './perform.ts'

/** What is needed to ask an account's gateway whether it lets the account in. */
export interface AccountChecker extends Pick<AccountReader, 'mode' | 'bankUrl' | 'publicUrl'> {
  readonly perform: Perform
}

/** A gateway's reason is a sentence; what is longer is a page. */
const longestMessage = 200

/** What is said in place of an answer from an address that is not the gateway's own. */
const otherAnswer = 'an answer that is not of this gateway'

/** And in place of its words. */
const hiddenWords = 'its words are told from its own address only'

/** Asks a gateway whether the credentials of an account are right. Nothing is moved there. */
export function checkAccount(by: AccountChecker, credited: Credited): Promise<Admission> {
  return checkReachable(by, { account: credited.account, access: accessTo(by, credited) })
}

/**
 * {@link checkAccount}, of an account that is there. The gateway's words come without the
 * credentials, which it could quote; of another address than its own the kind of answer alone:
 * who may write accounts must not read a network's servers by them.
 */
export async function checkReachable(
  { perform }: Pick<AccountChecker, 'perform'>,
  { account, access }: Reachable,
): Promise<Admission> {
  const { verdict, calls } = await perform(gatewayNamed(account.gateway).check, {}, access)
  if (verdict.kind === 'works') return verdict
  if (isElsewhere(account)) {
    if (verdict.kind === 'locked_out') return { kind: 'locked_out', message: hiddenWords }
    const isSilence = typeof calls.at(-1)?.answer === 'string'
    return isSilence ? verdict : { kind: 'unknown', because: otherAnswer, sent: verdict.sent }
  }
  if (verdict.kind === 'unknown') return verdict
  let message = verdict.message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  for (const value of Object.values(access.credentials)) message = message.replaceAll(value, '…')
  return { kind: 'locked_out', message: message.slice(0, longestMessage) }
}

function isElsewhere({ gateway, baseUrl }: Account): boolean {
  if (baseUrl === undefined) return false
  const { hosts } = gatewayNamed(gateway)
  const own = [...hosts.live, ...hosts.sandbox].map((url) => new URL(url).origin)
  return !own.includes(new URL(baseUrl).origin)
}
