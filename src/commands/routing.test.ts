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

test('a rule on what the BIN table does not know is a warning', async () => {
  const dataDir = await newFolder()
  const more = { MODE: 'live', PUBLIC_URL: 'https://pay.example', BANK_BOOK: undefined }
  const variables = testVariables({ dataDir }, more)
  const [rules, bins] = [join(dataDir, 'rules.json'), join(dataDir, 'bins.csv')]
  const add = ['razorpay', 'key_id=rzp_live_1', 'key_secret=x', 'id=main', 'check=false']
  await command(['merchants', 'add', 'shop'], variables)
  await command(['accounts', 'add', 'shop', ...add], variables)
  const warned = async (when: object) => {
    await writeFile(
      rules,
      JSON.stringify([
        { name: 'all', use: ['main'] },
        { name: 'b', use: ['main'], when },
      ]),
    )
    const { code, output } = await command(['routing', 'set', 'shop', rules], variables)
    assert.equal(code, 0, output)
    return [...output.matchAll(/^Warning: the BIN table has no (\w+),/gm)].map(([, name]) => name)
  }
  const both = { issuer: 'SOME BANK', card_type: ['DEBIT'] }
  assert.deepEqual(await warned(both), ['issuer', 'card_type'])
  assert.deepEqual(await warned({ network: 'VISA' }), [])
  await writeFile(
    bins,
    'bin,brand,bank,bank_code,type,sub_type,country\n411111,VISA,SOME BANK,,,,\n',
  )
  await command(['bins', 'import', bins], variables)
  assert.deepEqual(await warned(both), ['card_type'])
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
