import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  isCallExpression,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportExpression,
  isImportTypeNode,
  isLiteralTypeNode,
  isNoSubstitutionTemplateLiteral,
  isStringLiteral,
  isTemplateExpression,
  isVariableDeclaration,
  type Node,
  type SourceFile,
} from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

/** The folder of this project, with its final slash. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** One TypeScript file of the project, with its syntax tree. */
export interface Code {
  /** Its path from the root: `src/payments/txn.ts`. */
  readonly path: string
  readonly text: string
  readonly tree: SourceFile
  readonly isTest: boolean
  readonly imports: readonly Import[]
}

/** One `import`, `export … from` or `import()` of a file. */
export interface Import {
  readonly node: Node
  /** A path from the root for files of the project, else the module's name. */
  readonly target: string
  readonly kind: 'value' | 'type' | 'dynamic'
  /** What is imported by name. */
  readonly names: readonly string[]
}

/** A text in the code: a string or a template, its constants of the same file filled in. */
export interface Text {
  readonly node: Node
  readonly text: string
  /** What stands between `${` and `}` and is no constant text of the file. */
  readonly unknown: readonly string[]
}

/** The files below the root that may be anybody's concern, as paths from there. */
export function filesOf(ending: RegExp): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => ending.test(path) && !/(^|\/)(node_modules|dist|data|\.git)\//.test(path))
    .sort()
}

/** The text of a file of the project. */
export function textOf(path: string): string {
  return readFileSync(root + path, 'utf8')
}

/** Every TypeScript file, as the compiler that checks them reads them. */
export function readCode(): Code[] {
  const api = new API({ cwd: root })
  const snapshot = api.updateSnapshot({ openProject: `${root}tsconfig.json` })
  const program = snapshot.getProjects()[0]?.program
  const code = filesOf(/^(src|bank|sdk|test)\/.*\.ts$/).map((path) => {
    const tree = program?.getSourceFile(root + path)
    if (!tree) throw new Error(`${path} is not in tsconfig.json's include`)
    return {
      path,
      text: tree.text,
      tree,
      isTest: /^test\/|\.test\.ts$|\.fixture\.ts$/.test(path),
      imports: importsOf(tree, path),
    }
  })
  api.close()
  return code
}

/** Every node of a file that the test picks, wherever it is. */
export function nodesOf<T extends Node>(tree: Node, pick: (node: Node) => node is T): T[] {
  const found: T[] = []
  const visit = (node: Node): void => {
    if (pick(node)) found.push(node)
    node.forEachChild(visit)
  }
  visit(tree)
  return found
}

/** `path:line`, as editors open it. */
export function place(code: Code, node: Node): string {
  const { line } = code.tree.getLineAndCharacterOfPosition(node.getStart())
  return `${code.path}:${line + 1}`
}

/** Every string and template of a file. */
export function textsOf({ tree }: Code): Text[] {
  const constants = new Map<string, string>()
  for (const one of nodesOf(tree, isVariableDeclaration)) {
    const value = one.initializer
    if (!value || !isIdentifier(one.name)) continue
    if (isStringLiteral(value) || isNoSubstitutionTemplateLiteral(value)) {
      constants.set(one.name.text, value.text)
    }
  }
  const plain = [
    ...nodesOf(tree, isStringLiteral),
    ...nodesOf(tree, isNoSubstitutionTemplateLiteral),
  ].map((node) => ({ node, text: node.text, unknown: [] }))
  const templates = nodesOf(tree, isTemplateExpression).map((node) => {
    const unknown: string[] = []
    const parts = node.templateSpans.map(({ expression, literal }) => {
      const value = isIdentifier(expression) ? constants.get(expression.text) : undefined
      if (value === undefined) unknown.push(expression.getText())
      return (value ?? '?') + literal.text
    })
    return { node, text: node.head.text + parts.join(''), unknown }
  })
  return [...plain, ...templates]
}

function importsOf(tree: SourceFile, path: string): Import[] {
  const targetOf = (name: string) =>
    name.startsWith('.') ? posix.join(posix.dirname(path), name) : name
  const still = [
    ...nodesOf(tree, isImportDeclaration).map((node) => {
      const text = node.getText()
      const names = /\{([^}]*)\}/.exec(text)?.[1]?.split(',') ?? [text]
      const bound = /^import\s*\{/.test(text)
      const allTypes = bound && names.every((name) => /^\s*(type\s|$)/.test(name))
      const kind = /^import type\b/.test(text) || allTypes ? 'type' : 'value'
      const target = isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : ''
      return { node, target: targetOf(target), kind, names: names.map(bare) } as const
    }),
    ...nodesOf(tree, isExportDeclaration).flatMap((node) => {
      if (!node.moduleSpecifier || !isStringLiteral(node.moduleSpecifier)) return []
      const kind = node.isTypeOnly ? 'type' : 'value'
      return [{ node, target: targetOf(node.moduleSpecifier.text), kind, names: [] } as const]
    }),
  ]
  const dynamic = nodesOf(tree, isCallExpression).flatMap((node) => {
    const [to] = node.arguments
    if (!isImportExpression(node.expression) || !to || !isStringLiteral(to)) return []
    return [{ node, target: targetOf(to.text), kind: 'dynamic', names: [] } as const]
  })
  const inTypes = nodesOf(tree, isImportTypeNode).flatMap((node) => {
    const { argument } = node
    if (!isLiteralTypeNode(argument) || !isStringLiteral(argument.literal)) return []
    const target = targetOf(argument.literal.text)
    return [{ node, target, kind: 'type', names: [] } as const]
  })
  return [...still, ...dynamic, ...inTypes]
}

function bare(name: string): string {
  return name.replace(/^\s*type\s/, '').trim()
}

/** A test that fails with one line for each thing that is not as the plan has it. */
export function tidy(name: string, find: () => readonly string[]): void {
  test(name, () => {
    const wrong = find()
    assert.equal(wrong.length, 0, `\n${wrong.join('\n')}`)
  })
}
