import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { lockDataDir } from './lock.ts'

let parent: string
let folder: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'directotp-lock-'))
  folder = join(parent, 'data')
})
afterEach(() => rm(parent, { recursive: true }))

test('a folder has one holder, and the next one is told which folder it is', () => {
  const release = lockDataDir(folder)
  assert.throws(
    () => lockDataDir(folder),
    ({ message }: Error) => message.includes(folder) && !message.includes('\n'),
  )
  release()
  const again = lockDataDir(folder)
  release()
  assert.throws(() => lockDataDir(folder), /in use/)
  again()
})

test('a holder that is killed lets go, even if it dropped what it was given', async () => {
  const hold = `import { lockDataDir } from ${JSON.stringify(import.meta.resolve('./lock.ts'))}
    lockDataDir(process.argv[1])
    gc()
    console.log('held')
    process.stdin.resume()`
  const args = ['--expose-gc', '--input-type=module', '-e', hold, folder]
  const holder = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  assert.throws(() => lockDataDir(folder), /in use/)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  lockDataDir(folder)()
})

test('only a lock that is held is called in use', async () => {
  await mkdir(folder)
  await writeFile(join(folder, 'lock.db'), 'x'.repeat(4096))
  assert.throws(() => lockDataDir(folder), /file is not a database/)
})
