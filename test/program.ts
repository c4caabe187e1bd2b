import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Variables } from '../src/env.ts'
import { run, type Spawned } from './support.ts'

// A command that serves where it should refuse would never end.
const longestCommandMs = 120_000

/** An empty folder, removed when the tests have ended. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'directotp-process-'))
  after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Ends a process as an operator would; gives its exit code. */
export async function end({
  child,
  ended,
}: Pick<Spawned, 'child' | 'ended'>): Promise<number | undefined> {
  child.kill('SIGTERM')
  return ended
}

/** Runs a command of the program to its end. */
export async function command(words: readonly string[], variables: Variables) {
  const { child, ended, output } = run('src/main.ts', words, variables)
  const tooLong = setTimeout(() => child.kill('SIGKILL'), longestCommandMs)
  const code = await ended
  clearTimeout(tooLong)
  return { code, output: output() }
}

/** The one line that a command ends with which will not do what it was asked. */
export async function refusalOf(words: readonly string[], variables: Variables): Promise<string> {
  const { code, output } = await command(words, variables)
  assert.equal(code, 2, output)
  assert.equal(output.trim().split('\n').length, 1, output)
  return output
}
