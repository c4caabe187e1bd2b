import { isFunctionDeclaration, isVariableDeclaration, type Node } from 'typescript/unstable/ast'
import { type Code, filesOf, place, readCode, type Text, textOf, textsOf, tidy } from './code.ts'
import { plurals } from './rooms.ts'

const server = readCode().filter(({ path, isTest }) => path.startsWith('src/') && !isTest)

const beginnings: readonly RegExp[] = [
  /^\s*select\b[\s\S]*\bfrom\b/i,
  /^\s*(insert\s+into|update\s+\S+\s+set|delete\s+from|with\s+\w+\s+as\b)/i,
  /^\s*(create|alter|drop)\s+(table|unique|index|view)/i,
]

interface Statement extends Text {
  readonly file: Code
}

/** What is said to the database outside of db/, where the engines' differences live. */
const statements: readonly Statement[] = server.flatMap((file) =>
  textsOf(file)
    .filter(({ text }) => beginnings.some((beginning) => beginning.test(text)))
    .map((text) => ({ ...text, file })),
)

/** Statements of db/ in the portable subset; the other files there speak to one engine. */
const portable = statements.filter(
  ({ file: { path } }) => plurals.has(path) || path === 'src/db/facts.ts',
)

tidy('only plural files contain SQL, and each of them does', () => [
  ...statements
    .filter(({ file: { path } }) => !plurals.has(path) && !path.startsWith('src/db/'))
    .map(({ file, node }) => `${place(file, node)}: SQL goes into the plural file of its table`),
  ...[...plurals]
    .filter((path) => !statements.some(({ file }) => file.path === path))
    .map((path) => `${path}: holds no SQL; it is no plural file`),
])

tidy('no statement is built from pieces', () =>
  portable
    .filter(({ unknown }) => unknown.length > 0)
    .map(
      ({ file, node, unknown }) =>
        `${place(file, node)}: a text is constant; hand over ${unknown.join(', ')} as a value`,
    ),
)

const migrations = filesOf(/^src\/db\/migrations\/.*\.sql$/).map(textOf)

/** Columns and their types, by table, as the migrations make them. */
const tables = new Map<string, Map<string, string>>()
for (const text of migrations) {
  for (const [, name = '', body = ''] of text.matchAll(/create table (\w+) \(([\s\S]*?)\n\);/g)) {
    const columns = [...body.matchAll(/^ {2}(\w+) (bigint|text)\b/gm)]
    tables.set(name, new Map(columns.map(([, column = '', type = '']) => [column, type])))
  }
  const added = text.matchAll(/alter table (\w+) add column (\w+) (bigint|text)\b/g)
  for (const [, name = '', column = '', type = ''] of added) tables.get(name)?.set(column, type)
  for (const [, name = '', column = ''] of text.matchAll(/alter table (\w+) drop column (\w+)/g)) {
    tables.get(name)?.delete(column)
  }
  for (const [, name = '', newName = ''] of text.matchAll(/alter table (\w+) rename to (\w+)/g)) {
    tables.set(newName, tables.get(name) ?? new Map())
    tables.delete(name)
  }
}

/** Tables whose rows are spread by shard. */
const sharded = [...tables].filter(([, columns]) => columns.has('shard')).map(([name]) => name)

/** Statements that look at every merchant's rows on purpose, by the function they are in. */
const ofAllMerchants = new Map([
  ['pageOfCustomers', 'a merchant lists customers, wherever they are'],
  ['countCustomers', 'and is told how many there are'],
  ['dueInquiries', 'the clock asks what is due, whoever it belongs to'],
  ['dueRefunds', 'the clock asks what is due, whoever it belongs to'],
  ['dueEvents', 'the clock asks what is to be told, to whomever'],
  ['countUnresolved', 'the console counts over all orders of a merchant'],
  ['countInReview', 'the console counts over all orders of a merchant'],
  ['countAlarms', 'the console counts over all orders of a merchant'],
  ['orphanRefunds', 'at its start a server knows that every question under way is a dead one'],
  ['newestOrders', 'a merchant pages through all of their orders'],
  ['countOrders', 'and sees how many there are'],
  ['pastPayments', 'a merchant tries out rules on all of their payments'],
  ['ineligibleOf', 'a merchant asks which card ranges can pay by OTP, all at once'],
  ['purgeAnswers', 'what is not believed any more goes, whoever heard it'],
  ['dueTxns', 'the clock asks what is due, whoever it belongs to'],
  ['auditLogs', 'the operator verifies every log there is'],
  ['cardsNotUnder', "a merchant's keys are rotated for all of their cards"],
  ['usesGeneration', 'and a key goes when no card anywhere is under it'],
  ['namesGeneration', 'whatever its row says'],
  ['cardsToPurge', 'the clock asks what is to go, whoever it belongs to'],
  ['purgeSpentTokens', 'what is over goes, whoever spent it'],
  ['purgeBudgets', 'what was spent on days that are over goes, whoever spent it'],
  ['dueDeliveries', 'the clock asks what is to be sent, to whomever'],
  ['unparkDeliveries', 'an endpoint that is enabled hears of every order, wherever it is'],
  ['deleteWaiting', 'and when it is removed, nothing waits for it'],
  ['waitingCounts', 'a merchant sees what waits for their endpoints as a whole'],
  ['momentIn', 'a merchant names a time, not orders'],
  ['redeliverSpan', 'and has all of it sent again'],
  ['hasClientToken', 'a token names its merchant, not the caller'],
  ['spendClientToken', 'a client token says whose it is: who shows it names nobody'],
  ['purgeClientTokens', 'tokens that have ended go, whoever had them'],
  ['orphanLeases', 'at its start a server knows that every question under way is a dead one'],
])

function tableOf(sql: string): string {
  return /\b(?:from|into|update)\s+(\w+)/i.exec(sql)?.[1] ?? ''
}

function functionAround(node: Node): string {
  for (let up: Node | undefined = node; up; up = up.parent) {
    if (isFunctionDeclaration(up)) return up.name?.text ?? ''
    if (isVariableDeclaration(up) && up.parent.parent.parent === up.getSourceFile()) {
      return up.name.getText()
    }
  }
  return ''
}

function namesItsMerchant(sql: string): boolean {
  const inserted = /insert into \w+ \(([^)]*)\)/i.exec(sql)?.[1]
  if (inserted !== undefined) return /\bshard\b/.test(inserted) && /\bmerchant\b/.test(inserted)
  const where = sql.slice(sql.search(/\bwhere\b/))
  return /\bshard = \$\d/.test(where) && /\bmerchant = \$\d/.test(where)
}

const unbound = statements.filter(
  ({ text }) => sharded.includes(tableOf(text)) && !namesItsMerchant(text),
)

tidy("every statement on merchants' data names its shard and its merchant", () =>
  unbound
    .filter(({ node }) => !ofAllMerchants.has(functionAround(node)))
    .map(({ file, node }) => `${place(file, node)}: add shard = $n and merchant = $n`),
)

tidy('every exception to that is needed', () =>
  [...ofAllMerchants.keys()]
    .filter((name) => !unbound.some(({ node }) => functionAround(node) === name))
    .map((name) => `test/tidy/sql.test.ts: ${name} needs no exception; take it out`),
)

/** What one engine would refuse, or the two would understand differently. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/\bfor\s+(update|share)\b/i, 'rows are locked by touching the order'],
  [/\bnow\s*\(|\bcurrent_(time|date)/i, 'the time is a value'],
  [/\binterval\b/i, 'times are epoch milliseconds'],
  [/::/, 'cast(x as type) works on both'],
  [/\b(true|false|boolean)\b/i, 'booleans are 0 and 1'],
  [/\bi?like\b/i, 'the engines match case differently'],
  [/\bjsonb?\b|\bjson_|->/i, 'JSON is text'],
  [/\b(greatest|least)\s*\(/i, 'SQLite has none; use case when'],
  [/\b(max|min)\s*\([^()]*,/i, 'PostgreSQL takes one; use case when'],
  [/\bas\s*\(\s*(insert|update|delete)\b/i, 'SQLite has no writing CTE'],
  [/\b(select|returning)\s+\*/i, 'name the columns'],
  [
    /\b(timestamp(tz)?|serial|autoincrement|real|double|float|decimal|numeric)\b/i,
    'text or bigint',
  ],
  [/"/, 'names need no quotes'],
  [/\?/, 'values are $1, $2'],
]

tidy('SQL stays in the portable subset', () => {
  const migrations = filesOf(/^src\/db\/migrations\/.*\.sql$/).map((path) => ({
    where: path,
    sql: textOf(path).replace(/--.*/g, ''),
  }))
  const said = portable.map(({ file, node, text }) => ({ where: place(file, node), sql: text }))
  return [...migrations, ...said].flatMap(({ where, sql }) =>
    foreign
      .filter(([pattern]) => pattern.test(sql.replace(/'(?:[^']|'')*'/g, "''")))
      .map(([pattern, why]) => `${where}: ${pattern.source} is not portable; ${why}`),
  )
})

tidy('rows are ordered by integers, because the engines order texts differently', () =>
  portable.flatMap(({ file, node, text }) => {
    const by = /\border by ([\w\s,.]+?)(?=\blimit\b|$)/i.exec(text)?.[1]?.split(',') ?? []
    const columns = tables.get(tableOf(text))
    return by
      .map((one) => one.trim().split(/\s/)[0] ?? '')
      .filter((column) => columns?.get(column) !== 'bigint')
      .map((column) => `${place(file, node)}: order by ${column}, which is no bigint column`)
  }),
)
