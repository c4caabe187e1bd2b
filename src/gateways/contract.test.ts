import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gateways } from './catalog.ts'

const folder = new URL('.', import.meta.url)
const textOf = (file: string) => readFileSync(new URL(file, folder), 'utf8')

/** Where calls go is for every gateway, and for none to say. */
const ofPerform: ReadonlySet<string> = new Set(['baseUrl', 'origins'])

/** What a gateway's files say, its tests left out. */
function wordsOf(gateway: string, files: readonly string[]): ReadonlySet<string> {
  const own = files.filter((file) => new RegExp(`^${gateway}(-[a-z]+)?\\.ts$`).test(file))
  return new Set(own.flatMap((file) => textOf(file).match(/\w+/g) ?? []))
}

test('every field of the contract is used by two gateways at least', () => {
  const files = readdirSync(folder)
  const all = Object.keys(gateways).map((gateway) => wordsOf(gateway, files))
  const fields = [...textOf('gateway.ts').matchAll(/^\s*readonly (\w+)\??:/gm)].map(
    ([, name = '']) => name,
  )
  assert(fields.length > 60, `${fields.length} fields are found`)
  const lonely = fields
    .filter((name) => all.filter((words) => words.has(name)).length < 2)
    .filter((name) => !ofPerform.has(name))
  assert.deepEqual([...new Set(lonely)], [])
})
