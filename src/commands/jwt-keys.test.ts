import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, newFolder, refusalOf } from '../../test/program.ts'
import { testVariables } from '../../test/support.ts'
import { readPublicKey } from '../merchants/jwt-key.ts'

test('keys for encrypted calls are added, listed and revoked beside the server', async () => {
  const folder = await newFolder()
  const variables = testVariables({ dataDir: folder })
  const says = async (...words: string[]) => {
    const { code, output } = await command(words, variables)
    assert.equal(code, 0, output)
    return output
  }
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const [file, wrong] = [join(folder, 'shop.pem'), join(folder, 'private.pem')]
  await writeFile(file, publicKey.export({ type: 'spki', format: 'pem' }))
  await writeFile(wrong, privateKey.export({ type: 'pkcs8', format: 'pem' }))

  await says('merchants', 'add', 'shop')
  assert.match(await says('keys', 'jwt', 'list', 'shop'), /has no keys for encrypted calls/)
  const added = await says('keys', 'jwt', 'add', 'shop', file)
  const [, kid = '', server = ''] = /^(key_[0-9a-f]{32})\n.*:\n([\s\S]*)$/.exec(added) ?? []
  assert.equal(readPublicKey(server)?.trimEnd(), server.trimEnd())
  assert(!added.includes('PRIVATE'))
  assert.match(
    await says('keys', 'jwt', 'list', 'shop'),
    new RegExp(`^${kid} {2}added .* active\n$`),
  )
  assert.match(await says('keys', 'jwt', 'revoke', 'shop', kid), /is revoked/)
  assert.match(await says('keys', 'jwt', 'list', 'shop'), /revoked \d{4}-/)

  const refused = (...words: string[]) => refusalOf(['keys', 'jwt', ...words], variables)
  assert.match(await refused('revoke', 'shop', kid), /has no key/)
  assert.match(await refused('revoke', 'shop', '../x'), /has no key/)
  assert.match(await refused('add', 'shop', wrong), /holds no RSA public key/)
  assert.match(await refused('add', 'shop', join(folder, 'none')), /can't be read/)
  assert.match(await refused('add', 'nobody', file), /no merchant nobody/)
  for (const words of [['add', 'shop'], ['list'], ['revoke', 'shop'], ['list', 'shop', 'x'], []]) {
    const { code, output } = await command(['keys', 'jwt', ...words], variables)
    assert.equal(code, 2)
    assert.match(output, /^keys jwt add MERCHANT FILE\.pem\n/)
  }
})
