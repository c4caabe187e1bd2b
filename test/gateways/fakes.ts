import type { GatewayName } from '../../src/gateways/catalog.ts'
import { openCashfreeFake } from './cashfree-fake.ts'
import type { Fake, FakeOptions } from './fake.ts'
import { openPayuFake } from './payu-fake.ts'
import { openRazorpayFake } from './razorpay-fake.ts'
import { openSimulatorFake } from './simulator-fake.ts'

/** A stand-in for every gateway of the catalog: one without does not compile. */
export const fakes: Readonly<Record<GatewayName, (options: FakeOptions) => Promise<Fake>>> = {
  simulator: openSimulatorFake,
  razorpay: openRazorpayFake,
  cashfree: openCashfreeFake,
  payu: openPayuFake,
}
