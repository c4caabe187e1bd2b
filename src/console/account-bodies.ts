import { Type } from 'typebox'
import { isoSeconds } from '../clock.ts'
import { credentialPrefix } from '../gateways/account.ts'
import { sentenceOf } from '../gateways/account-warning.ts'
import { type AccountReader, callbackUrlOf, type KeptAccount } from '../gateways/accounts.ts'
import { gatewayNamed, gateways } from '../gateways/catalog.ts'
import type { Admission, Gateway } from '../gateways/gateway.ts'
import type { Admitted } from '../gateways/keep-accounts.ts'
import type { MerchantId } from '../ids.ts'
import { rupees } from '../money.ts'

/** Names an account in a path. */
export const AccountPath = Type.Object({ id: Type.String() })

const text = Type.Optional(Type.String())

function listOrText(description: string) {
  const list = Type.Array(Type.String())
  return Type.Optional(Type.Union([Type.String(), list], { description }))
}

const termFields = {
  gateway_reference_id: Type.Optional(
    Type.String({ description: 'What orders may choose it by; unique for the merchant' }),
  ),
  base_url: Type.Optional(
    Type.String({ description: "Absent: the gateway's own of the mode; live: no other host" }),
  ),
  networks: listOrText('It may do OTP for these, with commas; none, or no one: for none at all'),
  otp_bins: listOrText('And only for cards that begin so: 6 to 9 digits, with commas'),
  weight: Type.Optional(Type.String({ description: '0 to 1000; absent: 100' })),
  min_amount: text,
  max_amount: text,
  holds: Type.Optional(
    Type.String({
      description: 'true: the account can hold money, where not all at its gateway do',
    }),
  ),
  check: Type.Optional(Type.String({ description: 'false: the gateway is not asked first' })),
}

const credentialFields = Object.fromEntries(
  Object.entries<Gateway>(gateways).flatMap(([gateway, { credentials }]) =>
    credentials.map((name) => {
      const description = name.endsWith('?') ? `Of ${gateway}, where there is one` : `Of ${gateway}`
      return [credentialPrefix + name.replace('?', ''), Type.Optional(Type.String({ description }))]
    }),
  ),
)

/** What is said of a new account. */
export const AccountRequest = Type.Object({
  id: Type.Optional(Type.String({ description: "Absent: the gateway's name and a number" })),
  gateway: Type.Optional(Type.String({ description: Object.keys(gateways).join(', ') })),
  ...termFields,
  ...credentialFields,
})

/** What is to be changed of an account. */
export const AccountChange = Type.Object(
  { ...termFields, ...credentialFields },
  { description: 'An empty field takes away what was there; credentials are replaced as a whole' },
)

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

const accountKeys = {
  id: Type.String(),
  gateway: Type.String(),
  gateway_id: Type.Integer({ description: 'What payments name it by' }),
  gateway_reference_id: orNull(Type.String()),
  base_url: orNull(Type.String()),
  networks: orNull(Type.Array(Type.String())),
  otp_bins: orNull(Type.Array(Type.String())),
  weight: Type.Integer(),
  min_amount: orNull(Type.Number()),
  max_amount: orNull(Type.Number()),
  holds: Type.Boolean(),
  credentials: Type.Array(Type.String(), { description: 'The names only' }),
  callback_url: Type.String({ description: 'To be registered at the gateway for its webhooks' }),
  state: Type.Union([Type.Literal('active'), Type.Literal('disabled')]),
  disabled_at: orNull(Type.String()),
  date_created: Type.String(),
}

/** An account without its credentials. */
export const AccountBody = Type.Object(accountKeys)

/** All accounts of a merchant. */
export const AccountsBody = Type.Object({ accounts: Type.Array(AccountBody) })

const said = {
  check: Type.Union([
    Type.Literal('works'),
    Type.Literal('unknown', { description: 'The gateway gave no answer to build on' }),
    Type.Literal('not_asked'),
  ]),
  warning: orNull(Type.String()),
}

/** An account that was added or changed, and what its gateway said of it. */
export const AdmittedBody = Type.Object({ ...accountKeys, ...said })

/** What a gateway said of an account. */
export const CheckBody = Type.Object({
  id: Type.String(),
  check: Type.Union([
    Type.Literal('works'),
    Type.Literal('locked_out', { description: 'The gateway refuses its credentials' }),
    Type.Literal('unknown', { description: 'The gateway gave no answer to build on' }),
  ]),
  message: orNull(Type.String()),
})

/** An account as the console shows it. */
export function accountBody(
  by: Pick<AccountReader, 'publicUrl'>,
  merchant: MerchantId,
  { account, credentials, createdAt }: KeptAccount,
): Type.Static<typeof AccountBody> {
  const { terms, disabledAt } = account
  const { wireId, holds } = gatewayNamed(account.gateway)
  return {
    id: account.id,
    gateway: account.gateway,
    gateway_id: wireId,
    gateway_reference_id: account.label ?? null,
    base_url: account.baseUrl ?? null,
    networks: terms.networks ? [...terms.networks] : null,
    otp_bins: terms.bins ? [...terms.bins] : null,
    weight: terms.weight,
    min_amount: terms.least === undefined ? null : rupees(terms.least),
    max_amount: terms.most === undefined ? null : rupees(terms.most),
    holds: holds === 'always' || terms.holds,
    credentials: [...credentials],
    callback_url: callbackUrlOf(by, merchant, account),
    state: disabledAt === undefined ? 'active' : 'disabled',
    disabled_at: disabledAt === undefined ? null : isoSeconds(disabledAt),
    date_created: isoSeconds(createdAt),
  }
}

/** An account that was added or changed, as the console shows it. */
export function admittedBody(
  by: Pick<AccountReader, 'publicUrl'>,
  merchant: MerchantId,
  { kept, admission, warnings }: Admitted,
): Type.Static<typeof AdmittedBody> {
  const told = [
    ...(admission?.kind === 'unknown' ? [`no answer: ${admission.because}.`] : []),
    ...warnings.map(sentenceOf),
  ]
  return {
    ...accountBody(by, merchant, kept),
    check: admission?.kind ?? 'not_asked',
    warning: told.length > 0 ? told.join(' ') : null,
  }
}

/** What a gateway said of an account, as the console shows it. */
export function checkBody(id: string, admission: Admission): Type.Static<typeof CheckBody> {
  const check = admission.kind
  switch (check) {
    case 'works':
      return { id, check, message: null }
    case 'locked_out':
      return { id, check, message: admission.message }
    case 'unknown':
      return { id, check, message: `no answer: ${admission.because}` }
    default:
      return check satisfies never
  }
}
