import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, newFolder, refusalOf } from '../../test/program.ts'
import { testVariables } from '../../test/support.ts'

test('rules are set, shown and tried out beside the server', async () => {
  const dataDir = await newFolder()
  const variables = testVariables({ dataDir })
  const says = async (...words: string[]) => {
    const { code, output } = await command(words, variables)
    assert.equal(code, 0, output)
    return output
  }
  await says('merchants', 'add', 'shop')
  assert.match(await says('routing', 'show', 'shop'), /has no routing rules/)
  const file = join(dataDir, 'rules.json')
  await writeFile(file, '[{"name":"big","when":{"amount":{"gte":5000}},"use":["simulator"]}]\n')
  assert.match(await says('routing', 'set', 'shop', file), /Version 1 .* is in force/)
  assert.match(
    await says('routing', 'show', 'shop'),
    /Version 1, .*command line:\n\[\{"name":"big"/,
  )
  const today = new Date().toISOString().slice(0, 10)
  for (const more of [[], ['--rules', file]]) {
    const replayed = await says('routing', 'replay', 'shop', '--since', today, ...more)
    assert.match(replayed, /^0 payments of ₹0\.00 since then; 0 would have gone another way/)
    assert.match(replayed, / {2}big: 0 payments/)
  }
  await writeFile(file, '[{"name":"big","use":["nowhere"]}]')
  const wrong = await refusalOf(['routing', 'set', 'shop', file], variables)
  assert.match(wrong, /Nothing is changed: there is no account nowhere/)
  assert.match(await refusalOf(['routing', 'set', 'shop', 'none'], variables), /can't be read/)
  const long = ['routing', 'replay', 'shop', '--since', '2020-01-01']
  assert.match(await refusalOf(long, variables), /last three months/)
})

test('wrong words get the usage', async () => {
  const variables = testVariables({ dataDir: await newFolder() })
  for (const words of [
    ['routing'],
    ['routing', 'show'],
    ['routing', 'show', 'shop', 'more'],
    ['routing', 'set', 'shop'],
    ['routing', 'replay', 'shop'],
    ['routing', 'replay', 'shop', '--since', 'monday'],
    ['routing', 'replay', 'shop', '--since'],
  ]) {
    const { code, output } = await command(words, variables)
    assert.equal(code, 2, output)
    assert.match(output, /routing replay MERCHANT/)
  }
})
