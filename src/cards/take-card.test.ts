import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld, type ScriptedWorld } from '../../test/world.ts'
import type { Merchant } from '../merchants/merchant.ts'
import { Refusal, type RefusalName } from '../refusal.ts'
import { Secret } from '../secret.ts'
import { addCard } from './add-card.ts'
import { type GivenCard, readCard } from './card.ts'
import { takeCard } from './take-card.ts'

const visa: GivenCard = {
  number: '4539578763621486',
  expiryMonth: '01',
  expiryYear: '2027',
  cvv: undefined,
  name: 'Asha',
}
const amex = { ...visa, number: '378282246310005' }

for (const engine of engines) {
  describe(`paying with stored cards on ${engine.name}`, () => {
    let at: ScriptedWorld
    before(async () => {
      at = await openWorld(engine)
    })
    after(() => at.database.close())

    const store = async (given: GivenCard) => {
      const how = { mode: 'sandbox', checks: 'strict', now: at.clock.now, cvv: 'optional' } as const
      const card = { kind: 'entered', ...readCard(given, how) } as const
      const asked = { customer: 'asha', card, nickname: '', actor: 'key 0' }
      return addCard(at.world, at.merchant, asked)
    }

    const take = (token: string, cvv?: string, merchant: Merchant = at.merchant) => {
      const payer = { merchant, customer: 'asha', actor: 'key 0', mode: 'sandbox' } as const
      return takeCard(at.world, { kind: 'token', token: new Secret(token), cvv }, payer)
    }

    const refused = (taking: Promise<unknown>, reason: RefusalName) =>
      assert.rejects(taking, (error) => {
        assert(error instanceof Refusal)
        assert.equal(error.reason, reason)
        return true
      })

    test('a stored card is the card that was stored, with the CVV that is typed', async () => {
      const { token, reference } = await store(visa)
      const taken = await take(token, '123')
      assert.equal(taken.card.number.reveal(), visa.number)
      assert.equal(taken.card.cvv?.reveal(), '123')
      const { expiryMonth, expiryYear, name } = taken.card
      assert.deepEqual([expiryMonth, expiryYear, name], ['01', '2027', 'Asha'])
      assert.deepEqual([taken.brand, taken.reference, taken.once], ['VISA', reference, undefined])
      assert.equal((await take(token)).card.cvv, undefined)
    })

    test('a typed CVV is looked at by its network', async () => {
      const { token } = await store(visa)
      const { token: other } = await store(amex)
      await take(other, '1234')
      await refused(take(token, '1234'), 'card_cvv_invalid')
      await refused(take(other, '123'), 'card_cvv_invalid')
      await refused(take(token, '12a'), 'card_cvv_invalid')
    })

    test('a card that has expired in the vault is refused as any expired card', async () => {
      const { token } = await store(visa)
      at.clock.now = Date.UTC(2027, 1, 1, 23)
      await take(token)
      at.clock.now = Date.UTC(2027, 1, 2)
      await refused(take(token), 'card_expiry_year_invalid')
      const settings = { ...at.merchant.settings, card_checks: 'lenient' } as const
      await take(token, undefined, { ...at.merchant, settings })
    })
  })
}
