/** Files of src/ that do something: they may reach the world through what they are handed. */
export const verbs: ReadonlySet<string> = new Set(
  [
    'gateways/perform',
    'payments/ask',
    'payments/authenticate',
    'payments/create-order',
    'payments/forget-card',
    'payments/open-bank-page',
    'payments/pay',
    'payments/resend-otp',
    'payments/settle',
    'payments/sync',
    'payments/sync-now',
    'payments/take-turn',
  ].map((name) => `src/${name}.ts`),
)

/** Files of src/ that hold all the SQL of a table, and nothing else. */
export const plurals: ReadonlySet<string> = new Set(
  [
    'merchants/merchants',
    'gateways/accounts',
    'payments/events',
    'payments/orders',
    'payments/txns',
  ].map((name) => `src/${name}.ts`),
)
