import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, newFolder, refusalOf } from '../../test/program.ts'
import { testVariables } from '../../test/support.ts'

const head = 'bin,brand,bank,bank_code,type,sub_type,country'

test('a file of BINs is imported as a whole, and again', async () => {
  const folder = await newFolder()
  const variables = testVariables({ dataDir: folder })
  const path = join(folder, 'bins.csv')
  await writeFile(path, `${head}\n411111,VISA,A BANK,JP_A,CREDIT,GOLD,INDIA\n520473,MASTER,,,,,\n`)
  const says = async () => (await command(['bins', 'import', path], variables)).output
  assert.match(await says(), /^2 BINs are imported: 2 new, 0 replaced\.$/m)
  assert.match(await says(), /^2 BINs are imported: 0 new, 2 replaced\.$/m)
})

test('a file with mistakes changes nothing, and every mistake is told', async () => {
  const folder = await newFolder()
  const variables = testVariables({ dataDir: folder })
  const path = join(folder, 'bins.csv')
  await writeFile(path, `${head}\n411111,VISA,,,,,\n4111,VISA,,,,,\n411112,GOLD,,,,,\n`)
  const { code, output } = await command(['bins', 'import', path], variables)
  assert.equal(code, 2)
  assert.match(output, /^Nothing of .*bins\.csv is imported:\nline 3: .*\nline 4: .*\n$/)
  await writeFile(path, `${head}\n411111,VISA,,,,,\n`)
  const mended = await command(['bins', 'import', path], variables)
  assert.match(mended.output, /1 new, 0 replaced/)
})

test('what is no file of it is told in one line', async () => {
  const folder = await newFolder()
  const variables = testVariables({ dataDir: folder })
  assert.match(await refusalOf(['bins', 'import', join(folder, 'none')], variables), /ENOENT/)
  for (const words of [['bins'], ['bins', 'import'], ['bins', 'list', 'x']]) {
    const { code, output } = await command(words, variables)
    assert.deepEqual([code, /^bins import FILE\.csv$/m.test(output)], [2, true])
  }
})
