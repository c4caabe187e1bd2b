import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'pg'
import { engines } from '../../test/databases.ts'
import { outliveTxs } from './outlive-txs.ts'

for (const engine of engines) {
  test(`nothing under way is nothing to wait for, on ${engine.name}`, async () => {
    const { db, close } = await engine.open()
    await outliveTxs({ db, sleep: async () => assert.fail('it waits') })
    await close()
  })
}

test('a tx that is under way is outlived, whoever has it; a later one is not', async () => {
  const postgres = engines.find(({ name }) => name === 'postgres') ?? assert.fail()
  const { db, databaseUrl, close } = await postgres.open()
  const open = async () => {
    const client = new Client(databaseUrl)
    await client.connect()
    await client.query('begin')
    return client
  }
  const first = await open()
  const later: Client[] = []
  let turns = 0
  const sleep = async () => {
    turns += 1
    if (turns === 1) later.push(await open())
    if (turns === 3) await first.query('commit')
  }
  await outliveTxs({ db, sleep })
  assert.equal(turns, 3)
  for (const client of [first, ...later]) await client.end()
  await close()
})

test('a tx that never ends is left alone after a minute', async () => {
  const postgres = engines.find(({ name }) => name === 'postgres') ?? assert.fail()
  const { db, databaseUrl, close } = await postgres.open()
  const client = new Client(databaseUrl)
  await client.connect()
  await client.query('begin')
  let slept = 0
  const sleep = async (ms: number) => {
    slept += ms
  }
  await outliveTxs({ db, sleep })
  assert.equal(slept, 60_000)
  await client.end()
  await close()
})
