import { isoSeconds } from '../clock.ts'
import type { AccountReader, KeptAccount } from '../gateways/accounts.ts'
import { callbackUrlOf } from '../gateways/accounts.ts'
import { gatewayNamed } from '../gateways/catalog.ts'
import type { MerchantId } from '../ids.ts'
import { type Paise, rupees } from '../money.ts'

/** A list may have 500 of them; who wants all asks the console. */
const mostBins = 10

/** An account as `accounts list` shows it: a line, and below it a line for each of its fields. */
export function accountLines(
  by: Pick<AccountReader, 'publicUrl'>,
  merchant: MerchantId,
  { account, credentials }: KeptAccount,
): string[] {
  const { id, gateway, label, baseUrl, terms, disabledAt } = account
  const { otpBrands, holds } = gatewayNamed(gateway)
  const { networks, bins = [] } = terms
  const more = bins.length > mostBins ? `, … (${bins.length})` : ''
  const state = disabledAt === undefined ? 'active' : `disabled since ${isoSeconds(disabledAt)}`
  const fields = {
    gateway_reference_id: label,
    base_url: baseUrl,
    networks: networks ? networks.join(', ') || 'none' : `${otpBrands.join(', ')} (all it does)`,
    otp_bins: bins.length > 0 ? bins.slice(0, mostBins).join(', ') + more : 'all',
    min_amount: amountOf(terms.least),
    max_amount: amountOf(terms.most),
    weight: String(terms.weight),
    holds: String(holds === 'always' || terms.holds),
    credentials: credentials.join(', '),
    callbacks: callbackUrlOf(by, merchant, account),
  }
  const longest = Math.max(...Object.keys(fields).map(({ length }) => length))
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(longest)}  ${value}`],
  )
  return [[id, gateway, state].join('  '), ...lines]
}

function amountOf(amount: Paise | undefined): string | undefined {
  return amount === undefined ? undefined : rupees(amount).toFixed(2)
}
