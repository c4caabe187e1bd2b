import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import { filesOf, root, textOf, tidy } from './code.ts'

const papers = filesOf(/\.md$/)

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}

/** The text without its fenced blocks, which link to nothing; lines keep their numbers. */
function prose(path: string): string {
  return textOf(path).replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''))
}

/** A heading's anchor, as GitHub makes it. */
function anchorsOf(path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

tidy('links lead somewhere', () =>
  papers.flatMap((path) => {
    const text = prose(path)
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
      const [file = '', anchor] = (match[1] ?? '').split('#')
      if (/^https?:/.test(file)) return []
      const target = file === '' ? path : posix.join(posix.dirname(path), file)
      const where = `${path}:${lineOf(text, match.index)}`
      if (!existsSync(root + target)) return [`${where}: there is no ${target}`]
      if (anchor === undefined || anchorsOf(target).includes(anchor)) return []
      return [`${where}: ${target} has no heading #${anchor}`]
    })
  }),
)

/** The gateway that docs/writing-a-gateway.md makes up. */
const madeUp = /\/acme[.-]/

tidy('files named in the papers are there', () =>
  papers.flatMap((path) => {
    const text = textOf(path)
    return [...text.matchAll(/`((?:src|bank|sdk|test|bin|docs)\/[\w./-]+)`/g)]
      .filter(([, named = '']) => !existsSync(root + named) && !/(^|\/)dist\//.test(named))
      .filter(([, named = '']) => !madeUp.test(named))
      .map(({ index, 1: named }) => `${path}:${lineOf(text, index)}: there is no ${named}`)
  }),
)

/** `name`, `other` and `third…` in `src/that/file.ts`, or in `file.ts` alone. */
const placedNames = /((?:`\w+…?`(?:,|,? and)?\s)+)in\s`([\w./-]+\.ts)`/g

tidy('names that the papers place in a file are declared there', () => {
  const code = filesOf(/\.ts$/)
  return papers.flatMap((path) => {
    const text = textOf(path)
    return [...text.matchAll(placedNames)].flatMap(({ index, 1: names = '', 2: file = '' }) => {
      const files = code.filter((one) => `/${one}`.endsWith(`/${file}`)).map(textOf)
      return [...names.matchAll(/`(\w+)(…?)`/g)]
        .filter(([, name = '', more]) => {
          const declared = new RegExp(`${declaring} ${name}${more ? '' : '\\b'}`)
          return !files.some((one) => declared.test(one))
        })
        .map(([, name]) => `${path}:${lineOf(text, index)}: ${file} declares no ${name}`)
    })
  })
})

const declaring = '\\b(?:function|const|let|type|interface|class)'

/** Blocks of code whose first line says where they are from; `// …` stands for what is left out. */
tidy('quoted code is still there', () =>
  papers.flatMap((path) => {
    const text = textOf(path)
    return [...text.matchAll(/^```\w+\n\/\/ (\S+)\n([\s\S]*?)\n```$/gm)].flatMap((block) => {
      const [, from = '', quoted = ''] = block
      const where = `${path}:${lineOf(text, block.index)}`
      if (madeUp.test(from)) return []
      if (!existsSync(root + from)) return [`${where}: there is no ${from}`]
      const lost = quoted.split(/^\/\/ …$/m).filter((part) => !textOf(from).includes(part.trim()))
      return lost.map((part) => `${where}: ${from} no longer says: ${part.trim()}`)
    })
  }),
)

tidy('STYLE.md quotes for each of its principles', () => {
  const principles = textOf('STYLE.md')
    .split(/^## (?=\d+\. )/m)
    .slice(1)
  return principles
    .filter((one) => !/^```\w+\n\/\/ \S+$/m.test(one))
    .map((one) => `STYLE.md: show it in this code: ${one.split('\n')[0]}`)
})

/** The variables that an env.ts reads by name. */
function variablesOf(path: string): string[] {
  const read = textOf(path).matchAll(/(?:\b(?:read|limit)\(\s*'|\benv\[')([A-Z_]+)'/g)
  return [...new Set([...read].map(([, name = '']) => name))]
}

tidy('README.md lists the environment as env.ts reads it', () => {
  const listed = [...textOf('README.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  const read = variablesOf('src/env.ts')
  return [
    ...read.filter((name) => !listed.includes(name)).map((name) => `README.md: ${name} is missing`),
    ...listed
      .filter((name) => !read.includes(name ?? ''))
      .map((name) => `README.md: src/env.ts does not read ${name}`),
  ]
})

tidy('docs/testing.md names what the bank reads of the environment', () =>
  variablesOf('bank/env.ts')
    .filter((name) => !textOf('docs/testing.md').includes(`\`${name}\``))
    .map((name) => `docs/testing.md: ${name} is missing`),
)

const { scripts, ...manifest } = JSON.parse(textOf('package.json'))

tidy('every npm script that the papers name is there', () =>
  papers.flatMap((path) => {
    const text = textOf(path).replaceAll(/npm\s+run\s+/g, 'npm run ')
    const named = text.matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g)
    return [...named]
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((name) => !(name in scripts))
      .map((name) => `${path}: package.json has no script ${name}`)
  }),
)

tidy('.ci/run says what README.md says', () => {
  const commands = textOf('.ci/run').match(/^npm .*$/gm) ?? []
  const said = commands.join('\n') === 'npm ci\nnpm test'
  const readme = textOf('README.md')
  const same =
    readme.includes('```sh\nnpm ci && npm start\n```') && readme.includes('```sh\nnpm test')
  return said && same ? [] : ['.ci/run: it runs npm ci and npm test, as README.md has them']
})

tidy('dependencies are pinned, and the lock names no host', () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest
  const all: Record<string, string> = {
    ...dependencies,
    ...optionalDependencies,
    ...devDependencies,
  }
  const loose = Object.entries(all).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  )
  const lock = textOf('package-lock.json').split('\n')
  return [
    ...loose.map(([name, version]) => `package.json: ${name} is ${version}; pin one version`),
    ...lock.flatMap((line, i) =>
      /"resolved": ".*:\/\//.test(line) ? [`package-lock.json:${i + 1}: names a host`] : [],
    ),
  ]
})

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** npm looks for a package's dependency in its own folder first, then in each folder above. */
function isLocked(packages: Readonly<Record<string, Locked>>, by: string, name: string): boolean {
  const folders = [...by.matchAll(/(^|\/)node_modules\//g)].map(({ index }) => by.slice(0, index))
  return [by, ...folders, ''].some((folder) => posix.join(folder, 'node_modules', name) in packages)
}

tidy('the lock has every optional package of every machine', () => {
  const packages: Record<string, Locked> = JSON.parse(textOf('package-lock.json')).packages
  return Object.entries(packages).flatMap(([by, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(packages, by, name))
      .map(
        (name) =>
          `package-lock.json: ${name} (for ${by || 'directotp'}) has no entry of its own; npm 11 ` +
          'refuses such a lock: make it anew with npm install --package-lock-only',
      ),
  )
})

tidy('a decision says what, why, and instead of what', () =>
  papers
    .filter((path) => path.startsWith('docs/decisions/'))
    .flatMap((path) => {
      const parts = ['Decision', 'Because', 'Instead of']
      return parts
        .filter((part) => !textOf(path).includes(`**${part}.**`))
        .map((part) => `${path}: a paragraph **${part}.** is missing`)
    }),
)
