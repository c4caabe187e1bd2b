import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callerOf } from '../caller.ts'
import { onBothEngines } from './shop.ts'

onBothEngines((shop) => {
  const caller = () => callerOf(shop().server)
  const asha = {
    object_reference_id: 'asha',
    first_name: 'Asha',
    last_name: "D'Souza",
    mobile_country_code: '91',
    mobile_number: '9000000001',
    email_address: 'asha@example.in',
  }

  test('a customer is created, read by either id, and changed', async () => {
    const { call } = caller()
    const created = await call('/customers', asha)
    assert.equal(created.status, 200, created.text)
    const { body } = created
    assert.match(String(body.id), /^cst_[0-9a-f]{35}$/)
    for (const id of ['asha', String(body.id)]) {
      assert.deepEqual((await call(`/customers/${id}`)).body, body)
    }
    const changed = await call(`/customers/${body.id}`, { mobile_number: '9000000002' })
    assert.equal(changed.body['mobile_number'], '9000000002')
    assert.equal(changed.body['email_address'], asha.email_address, 'what is not told stays')
    assert.deepEqual((await call('/customers/asha')).body, changed.body)
  })

  test('the same customer again is the same customer; a different one is refused', async () => {
    const { call } = caller()
    const twice = { ...asha, object_reference_id: 'twice' }
    const { body } = await call('/customers', twice)
    assert.deepEqual((await call('/customers', twice)).body, body)
    const other = await call('/customers', { ...twice, first_name: 'Usha' })
    assert.deepEqual([other.status, other.body.error_code], [400, 'already_exists'])
    assert.equal((await call('/customers/twice')).body['first_name'], 'Asha')
  })

  test('many creations at once make one customer', async () => {
    const { call } = caller()
    const form = { object_reference_id: 'crowd', first_name: 'C' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('/customers', form)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
  })

  test('two changes at once are both kept', async () => {
    const { call } = caller()
    await call('/customers', { object_reference_id: 'changing' })
    const names = ['first_name', 'last_name', 'mobile_number', 'email_address']
    await Promise.all(names.map((name) => call('/customers/changing', { [name]: '1' })))
    const { body } = await call('/customers/changing')
    assert.deepEqual(
      names.map((name) => body[name]),
      ['1', '1', '1', '1'],
    )
  })

  test('the list has the newest first, page by page', async () => {
    const { call } = caller()
    for (const n of [1, 2, 3]) {
      await call('/customers', { object_reference_id: `listed-${n}` })
      await shop().later(1000)
    }
    const names = (body: object) =>
      (body as { list: { object_reference_id: string }[] }).list.map((c) => c.object_reference_id)
    const first = (await call('/customers?count=2&')).body
    assert.deepEqual(names(first), ['listed-3', 'listed-2'])
    assert.deepEqual([first['count'], first['offset']], [2, 0])
    const next = (await call('/customers?count=1&offset=2')).body
    assert.deepEqual(names(next), ['listed-1'])
    assert.equal(next['total'], first['total'])
    assert.deepEqual(names((await call('/customers?count=5000')).body).slice(0, 2), names(first))
    for (const wrong of ['count=0', 'count=x', 'count=-1', 'offset=-1', 'offset=1.5']) {
      assert.equal((await call(`/customers?${wrong}`)).status, 400, wrong)
    }
  })

  test('a client token comes only when it is asked for', async () => {
    const { call } = caller()
    const wanted = { 'options.get_client_auth_token': 'true' }
    const form = { object_reference_id: 'browser' }
    assert.equal((await call('/customers', form)).body['juspay'], undefined)
    const query = '?options.get_client_auth_token=true'
    for (const { body } of [
      await call('/customers', { ...form, ...wanted }),
      await call(`/customers/browser${query}`),
      await call('/customers/browser', wanted),
    ]) {
      const { client_auth_token: token } = body['juspay'] as Record<string, string>
      assert.match(String(token), /^tkn_[0-9a-f]{32}$/)
    }
    const not = await call('/customers/browser?options.get_client_auth_token=false')
    assert.equal(not.body['juspay'], undefined)
  })

  test('a name that would pass for another is refused', async () => {
    const { call } = caller()
    const ours = `cst_${'0'.repeat(35)}`
    for (const wrong of ['a b', 'a\u200bb', 'x'.repeat(129), ours, ' ']) {
      const refused = await call('/customers', { object_reference_id: wrong })
      assert.equal(refused.status, 400, JSON.stringify(wrong))
    }
    const missing = await call('/customers', { first_name: 'Nobody' })
    assert.match(missing.text, /object_reference_id is missing/)
  })
})
