import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

test('the gateway that the papers write compiles, in its place in the tree', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'directotp-sample-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const paper = await readFile(join(root, 'docs/writing-a-gateway.md'), 'utf8')
  const blocks = [...paper.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)]
  const files = blocks.map(([, path = '', text = '']) => ({ path: join(folder, path), text }))
  assert.equal(files.length, 2)
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  const compilerOptions = {
    rootDirs: [root, folder],
    typeRoots: [join(root, 'node_modules/@types')],
  }
  const paths = files.map(({ path }) => path)
  const project = { extends: join(root, 'tsconfig.json'), compilerOptions, files: paths }
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...project, include: [] }))
  const said = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  )
  assert.equal(said, '')
})
