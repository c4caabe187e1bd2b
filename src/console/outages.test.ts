import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engines } from '../../test/databases.ts'
import { openWorld } from '../../test/world.ts'
import { dayMs } from '../clock.ts'
import type { Outage } from '../gateways/outage.ts'
import { writeOutages } from '../gateways/outages.ts'
import { headers, openDesk } from './desk.fixture.ts'
import { outageRoutes } from './outages.ts'

for (const engine of engines) {
  describe(`/console/outages on ${engine.name}`, () => {
    test('a merchant sees what is down where they are, and what was within a week', async (t) => {
      const there = await openWorld(engine)
      const { world, clock } = there
      const base = await openDesk(t, there, outageRoutes)
      const ask = async () => {
        const response = await fetch(`${base}/console/outages`, { headers })
        return Object(await response.json()).outages
      }
      assert.deepEqual(await ask(), [])
      const now = clock.now
      const at = (id: string, days: number, more: Partial<Outage> = {}): Outage => ({
        ...{ id, scope: 'simulator', network: '', issuer: '', merchant: '', signal: 'start' },
        ...{ since: now - days * dayMs, triedAt: now },
        ...more,
      })
      const over = at('over', 2, { network: 'VISA' })
      const untried = at('untried', 3, { network: 'MASTERCARD' })
      const longOver = at('long-over', 8, { network: 'RUPAY' })
      const opened = [
        at('now', 0, { network: 'VISA', issuer: 'HDFC Bank' }),
        ...[over, longOver, at('long', 30)],
        at('mine', 1, { scope: 'demo/simulator', merchant: 'demo' }),
        at('mine-alone', 1.5, { network: 'AMEX', merchant: 'demo' }),
        at('theirs', 1, { scope: 'shop/simulator', merchant: 'shop' }),
        at('theirs-alone', 1, { network: 'DINERS', merchant: 'shop' }),
        at('theirs-long', 30, { network: 'DINERS', issuer: 'SBI', merchant: 'shop' }),
        untried,
        at('elsewhere', 1, { scope: 'razorpay' }),
      ]
      const closed = [over, longOver].map(
        (one): Outage => ({ ...one, until: one.since + 60_000, ending: 'recovered' }),
      )
      closed.push({ ...untried, until: now, ending: 'untried' })
      await world.db.tx(async (tx) => writeOutages(tx, { opened, closed, tried: [] }))
      const shown = await ask()
      assert.deepEqual(
        shown.map((one: { id: string; status: string }) => `${one.id} ${one.status}`),
        [
          'now DOWN',
          'mine DOWN',
          'mine-alone DOWN',
          'over RECOVERED',
          'untried UNKNOWN',
          'long DOWN',
        ],
      )
      assert.deepEqual(shown[1], {
        id: 'mine',
        payment_method_type: 'CARD',
        payment_method: null,
        issuer: null,
        gateway: null,
        account: 'simulator',
        status: 'DOWN',
        since: '2026-11-21T10:00:00Z',
        until: null,
      })
    })
  })
}
