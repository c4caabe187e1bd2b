import {
  isClassDeclaration,
  isEnumDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isModuleDeclaration,
  isPropertyAccessExpression,
  isTypeAliasDeclaration,
  isVariableStatement,
  type Node,
} from 'typescript/unstable/ast'
import { type Code, filesOf, nodesOf, place, readCode, textOf, tidy } from './tidy/code.ts'
import { plurals, verbs } from './tidy/rooms.ts'

const code = readCode()
const product = code.filter(({ isTest }) => !isTest)
const server = product.filter(({ path }) => path.startsWith('src/'))

const floors: Readonly<Record<string, number>> = {
  db: 1,
  merchants: 2,
  cards: 3,
  gateways: 4,
  payments: 5,
  wire: 6,
  webhooks: 7,
  api: 8,
  console: 8,
  chores: 8,
}

/** What composes the floors sees them all, and nobody sees it. */
const roof = ['main', 'app', 'open-store', 'open-world', 'add-merchant', 'mount-bank'].map(
  (n) => `src/${n}.ts`,
)

/** What the command line can do is part of the roof. */
const roofRoom = 'commands'

function floorOf(path: string): number {
  const [, room = '', file] = path.split('/')
  if (roof.includes(path) || room === roofRoom) return Math.max(...Object.values(floors)) + 1
  return file === undefined ? 0 : (floors[room] ?? Number.NaN)
}

/** Why a product file may not import another of the project, or `undefined`. */
function whyNot(from: string, target: string, kind: string): string | undefined {
  const [house] = from.split('/')
  const [to] = target.split('/')
  if (house === 'sdk') return to === 'sdk' ? undefined : 'the sdk imports only itself'
  if (house === 'bank') {
    const allowed = to === 'bank' || (to === 'src' && floorOf(target) === 0)
    return allowed ? undefined : 'the bank imports only itself and floor 0'
  }
  if (to === 'bank') {
    const allowed = kind === 'type' ? roof.includes(from) : from === 'src/open-world.ts'
    if (allowed && kind !== 'value') return undefined
    return 'only open-world.ts loads the bank, with import(); the roof may import its types'
  }
  if (to !== 'src') return 'the server imports only src/, and the bank from its roof'
  return floorOf(target) <= floorOf(from) ? undefined : `floor ${floorOf(from)} looks up`
}

tidy('every room of src/ has a floor', () =>
  server
    .filter(({ path }) => Number.isNaN(floorOf(path)))
    .map(({ path }) => `${path}: give its folder a floor here and in ARCHITECTURE.md`),
)

tidy('imports only point down', () =>
  product.flatMap((file) =>
    file.imports.flatMap(({ node, target, kind }) => {
      if (!target.includes('/') || !/\.[a-z]+$/.test(target)) return []
      const why = whyNot(file.path, target, kind)
      return why ? [`${place(file, node)}: imports ${target}, but ${why}`] : []
    }),
  ),
)

tidy('the sdk needs no package, and the bank and the server only what package.json names', () =>
  product.flatMap((file) =>
    file.imports
      .filter(({ target }) => !target.startsWith('node:') && !/^(src|bank|sdk)\//.test(target))
      .filter(({ target }) => file.path.startsWith('sdk/') || !isDependency(target))
      .map(({ node, target }) => `${place(file, node)}: ${target} is no dependency of it`),
  ),
)

const dependencies = Object.keys(JSON.parse(textOf('package.json')).dependencies)

function isDependency(target: string): boolean {
  return dependencies.some((name) => target === name || target.startsWith(`${name}/`))
}

tidy('every dependency is used', () =>
  dependencies
    .filter((name) => !product.some(({ imports }) => imports.some((i) => i.target === name)))
    .map((name) => `package.json: nothing imports ${name}; take it out`),
)

tidy('no file imports itself, by whatever way round', () => {
  const edges = new Map(code.map(({ path, imports }) => [path, imports.map((i) => i.target)]))
  const reached = (from: string) => {
    const seen = new Set<string>()
    const waiting = [...(edges.get(from) ?? [])]
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (!edges.has(path) || seen.has(path)) continue
      seen.add(path)
      waiting.push(...(edges.get(path) ?? []))
    }
    return seen
  }
  const reach = new Map([...edges.keys()].map((path) => [path, reached(path)]))
  return [...reach].flatMap(([path, all]) => {
    if (!all.has(path)) return []
    const round = [...all].filter((other) => reach.get(other)?.has(path))
    return [`${path}: in a circle of imports with ${round.join(', ')}; move what both need`]
  })
})

const isIo =
  /^(node:(fs|net|http|https|http2|tls|dgram|dns|sqlite|child_process)|pg|fastify|@fastify)\b/

/** Types of the database, which do nothing: what verbs are handed, and what a row is read from. */
const rowTypes: Readonly<Record<string, string>> = {
  'src/cards/card-room.ts': 'Db',
  'src/payments/world.ts': 'Db',
  'src/payments/txn-row.ts': 'Row',
}

/** What of node:net looks at an address and connects to none. */
const textLookers = new Set(['BlockList', 'isIP'])

tidy('a singular file does no I/O', () =>
  server.flatMap((file) => {
    const singular = floorOf(file.path) !== 1 && floorOf(file.path) < 8
    if (!singular || verbs.has(file.path) || plurals.has(file.path)) return []
    return file.imports.flatMap(({ node, target, names }) => {
      if (rowTypes[file.path] === names.join()) return []
      // It looks at a text and at nothing else.
      if (target === 'node:net' && names.every((name) => textLookers.has(name))) return []
      if (!isIo.test(target) && !target.startsWith('src/db/')) return []
      return [`${place(file, node)}: rules do no I/O, but this imports ${target}`]
    })
  }),
)

tidy('every verb and every table named here is there', () =>
  [...verbs, ...plurals]
    .filter((path) => !code.some((file) => file.path === path))
    .map((path) => `test/tidy/rooms.ts: ${path} is gone; take its name out of the list`),
)

const environment = ['src/env.ts', 'bank/env.ts']

tidy('only env.ts reads the environment', () =>
  product.flatMap((file) =>
    nodesOf(file.tree, isPropertyAccessExpression)
      .filter((node) => /^process\s*\.\s*env$/.test(node.getText()))
      .filter(() => !environment.includes(file.path))
      .map((node) => `${place(file, node)}: read it in env.ts and hand it over`),
  ),
)

/** What reaches the network, or speaks of it, and why it may. */
const networkers: Readonly<Record<string, string>> = {
  'src/gateways/perform.ts': 'the only way to a gateway',
  'src/db/postgres.ts': 'the only way to PostgreSQL',
  'src/app.ts': 'listens, and looks for a free port',
  'src/open-world.ts': 'hands fetch to perform',
  'src/api/unreadable.ts': 'answers on a socket that Fastify gives up; takes the status words',
  'src/webhooks/deliver.ts': "the only way to merchants' servers",
  'src/webhooks/target.ts': 'isIP and BlockList only look at a text',
  'src/env.ts': 'isIP only looks at a text',
  'bank/serve.ts': 'the bank alone listens',
  'bank/callbacks.ts': 'the bank calls back',
}

const isNetwork = /^(node:(net|http|https|http2|tls|dgram|dns)|pg|undici)\b/

tidy('only the named files reach the network', () =>
  product
    .filter(({ path }) => !path.startsWith('sdk/') && !networkers[path])
    .flatMap((file) => [
      ...file.imports
        .filter(({ target, kind }) => isNetwork.test(target) && kind !== 'type')
        .map(({ node, target }) => `${place(file, node)}: ${target} is for perform.ts`),
      ...nodesOf(file.tree, isIdentifier)
        .filter(
          (node) => /^(fetch|WebSocket|EventSource|globalThis)$/.test(node.text) && isGlobal(node),
        )
        .map((node) => `${place(file, node)}: ${node.text} is for perform.ts`),
    ]),
)

/** Not a member's name: neither after a dot, nor a key, nor a method. */
function isGlobal(node: Node): boolean {
  const parent = node.parent
  return !('name' in parent && parent.name === node)
}

tidy('only settle moves a txn', () =>
  server
    .filter(({ path }) => !['src/payments/settle.ts', 'src/payments/txns.ts'].includes(path))
    .flatMap((file) =>
      nodesOf(file.tree, isIdentifier)
        .filter(({ text }) => text === 'moveTxn')
        .map((node) => `${place(file, node)}: a txn's status changes in settle.ts alone`),
    ),
)

const bannedWords = new Set([
  ...['util', 'utils', 'helper', 'helpers', 'common', 'shared', 'service', 'services'],
  ...['manager', 'container', 'index', 'impl', 'dto', 'base'],
])

function bannedIn(name: string): string[] {
  const words = name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/)
  return words.filter((word) => bannedWords.has(word.toLowerCase()))
}

tidy('a name says what a thing is', () => [
  ...filesOf(/^(src|bank|sdk|test|bin|docs)\//).flatMap((path) =>
    bannedIn(path).map((word) => `${path}: "${word}" names no thing`),
  ),
  ...code.flatMap((file) =>
    exportsOf(file).flatMap(({ node, name }) =>
      bannedIn(name).map((word) => `${place(file, node)}: "${word}" in ${name} names no thing`),
    ),
  ),
])

interface Export {
  readonly node: Node
  readonly name: string
}

/** What a file exports where it declares it. */
function exportsOf({ tree }: Code): Export[] {
  return [...tree.statements].flatMap((node): Export[] => {
    if (!/^export\s/.test(node.getText())) return []
    if (isVariableStatement(node)) {
      return [...node.declarationList.declarations].map((one) => ({
        node,
        name: one.name.getText(),
      }))
    }
    const named =
      isFunctionDeclaration(node) ||
      isClassDeclaration(node) ||
      isInterfaceDeclaration(node) ||
      isTypeAliasDeclaration(node)
    return named ? [{ node, name: node.name?.getText() ?? 'default' }] : []
  })
}

tidy('everything exported is described where it stands', () =>
  product.flatMap((file) =>
    exportsOf(file)
      .filter(({ node }) => !/\*\/\s*$/.test(file.text.slice(node.pos, node.getStart())))
      .map(({ node, name }) => `${place(file, node)}: say above it what ${name} is, in /** */`),
  ),
)

/** State and behaviour that belong together; errors need no entry. */
const classes = new Set(['Secret', 'Html', 'RequestLog'])

tidy('no enums, namespaces, default exports, barrels, or classes without need', () =>
  product.flatMap((file) => {
    const say = (what: string) => (node: Node) => `${place(file, node)}: ${what}`
    const isDoor = file.path === 'sdk/src/directotp.ts'
    return [
      ...nodesOf(file.tree, isEnumDeclaration).map(say('a union of words, not an enum')),
      ...nodesOf(file.tree, isModuleDeclaration)
        .filter(({ name }) => isIdentifier(name) && name.text !== 'global')
        .map(say('a file is the namespace')),
      ...nodesOf(file.tree, isExportAssignment).map(say('export it by name')),
      ...exportsOf(file)
        .filter(({ node }) => /^export\s+default\b/.test(node.getText()))
        .map(({ node }) => say('export it by name')(node)),
      ...nodesOf(file.tree, isExportDeclaration)
        .filter(({ moduleSpecifier }) => moduleSpecifier && !isDoor)
        .map(say('import it from where it is; no file passes on what others export')),
      ...nodesOf(file.tree, isClassDeclaration)
        .filter((node) => !classes.has(node.name?.text ?? ''))
        .filter((node) => !/\bextends\s+\w*(Error|Refusal)\b/.test(node.getText()))
        .map(say('a function or an object will do; else name the class in this test')),
    ]
  }),
)

const mostLines = 300
const mostTestLines = 400
const mostColumns = 100

tidy('files and lines keep their measure', () =>
  filesOf(/^(src|bank|sdk|test|bin)\/.*\.(ts|js|sql)$/).flatMap((path) => {
    const lines = textOf(path).replace(/\n$/, '').split('\n')
    const most = code.find((file) => file.path === path)?.isTest ? mostTestLines : mostLines
    return [
      ...(lines.length > most ? [`${path}: ${lines.length} lines; split it by noun`] : []),
      ...lines.flatMap((line, i) => {
        // A line that is printed for pasting can't be broken.
        const isPrinted = path === 'src/main.ts' && line.startsWith('${')
        const tooLong = [...line].length > mostColumns && !isPrinted
        return tooLong ? [`${path}:${i + 1}: longer than ${mostColumns} columns`] : []
      }),
    ]
  }),
)

tidy('Biome measures functions and parameters', () => {
  const { rules } = JSON.parse(textOf('biome.json')).linter
  const needed: readonly [string, unknown, object][] = [
    [
      'noExcessiveLinesPerFunction',
      rules.complexity?.noExcessiveLinesPerFunction,
      { maxLines: 70 },
    ],
    ['useMaxParams', rules.complexity?.useMaxParams, { max: 4 }],
  ]
  return needed.flatMap(([name, rule, options]) => {
    const isOn = rule !== undefined && (rule as { level?: string }).level === 'error'
    const given = (rule as { options?: object } | undefined)?.options
    const asNeeded = isOn && Object.entries(options).every(([k, v]) => Object(given)[k] === v)
    return asNeeded ? [] : [`biome.json: ${name} must be an error, ${JSON.stringify(options)}`]
  })
})

// In parts, so that this line is not one of them.
const unfinished = new RegExp(
  `\\b(${['TO', 'DO|FIX', 'ME|XX', 'X|HA', 'CK|place', 'holder'].join('')})\\b`,
)

tidy('nothing is left for later', () =>
  filesOf(/^(src|bank|sdk|test|bin|docs)\/.*\.(ts|js|sql|md)$|^[^/]+\.md$/).flatMap((path) =>
    textOf(path)
      .split('\n')
      .flatMap((line, i) =>
        unfinished.test(line) ? [`${path}:${i + 1}: do it now, or take it out`] : [],
      ),
  ),
)

/** What asks real gateways is no part of `npm test`, and needs keys that few have. */
const onDemand = 'test/gateways/live.ts'

tidy('every test runs, every time', () =>
  code
    .filter(({ isTest, path }) => isTest && path !== onDemand)
    .flatMap((file) =>
      nodesOf(file.tree, isIdentifier)
        .filter(({ text }) => ['only', 'skip', 'todo'].includes(text))
        .map((node) => `${place(file, node)}: no test is left out; mend it or remove it`),
    ),
)

/** Programs that talk to whoever started them. */
const speakers = ['src/main.ts', 'bank/main.ts', 'bank/serve.ts']

tidy('only a command line writes to the console', () =>
  product
    .filter(({ path }) => !speakers.includes(path))
    .flatMap((file) =>
      nodesOf(file.tree, isIdentifier)
        .filter((node) => node.text === 'console' && isGlobal(node))
        .map((node) => `${place(file, node)}: log with request.log, or hand the error over`),
    ),
)
