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

/** Asks a gateway whether the credentials of an account are right. Nothing is moved there. */
export function checkAccount(by: AccountChecker, credited: Credited): Promise<Admission> {
  return checkReachable(by, { account: credited.account, access: accessTo(by, credited) })
}

/**
 * {@link checkAccount}, of an account that is there. The gateway's words come without the
 * credentials, which it could quote.
 */
export async function checkReachable(
  { perform }: Pick<AccountChecker, 'perform'>,
  { account, access }: Reachable,
): Promise<Admission> {
  const { verdict } = await perform(gatewayNamed(account.gateway).check, {}, access)
  if (verdict.kind !== 'locked_out') return verdict
  let message = verdict.message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  for (const value of Object.values(access.credentials)) message = message.replaceAll(value, '…')
  return { kind: 'locked_out', message: message.slice(0, longestMessage) }
}
