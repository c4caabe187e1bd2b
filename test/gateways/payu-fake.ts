import { hash } from 'node:crypto'
import type { GatewayName } from '../../src/gateways/catalog.ts'
import type { Fake, FakeCards, FakeOptions, Step } from './fake.ts'
import { type FakeAnswer, type FakeRequest, openFakeServer } from './fake-server.ts'
import {
  detailsOf,
  disguise,
  failed,
  isHeldOrTaken,
  metaOf,
  mostSends,
  no,
  ok,
  rowOf,
  sendsOf,
} from './payu-answers.ts'
import {
  type FakeAction,
  type FakePayment,
  isPaid,
  PayuBook,
  paiseOf,
  returnedOf,
  signRequest,
  wordsOf,
} from './payu-book.ts'

/** PayU's published test cards where it has one for the case. */
const cards: FakeCards = {
  good: '5497774415170603',
  noOtp: '5123456789012346',
  downAtStart: '4012001037141112',
  downAtSubmit: '4533000000000008',
  declined: '5270000000000002',
  lateSuccess: '5520000000000000',
}

const otp = { right: '123456', wrong: '000001' }
/** PayU names no time between two sends; ours goes by before it is asked. */
const limits = { attempts: 3, sends: mostSends, resendAfterMs: 30_000 }
const credentials = { key: 'mKeyFake', salt: 'mSaltFake' }

const sameAmountMs = 5 * 60_000
const page = '<!doctype html><form method="post" action="https://bank.example/acs"></form>'

type Form = Readonly<Record<string, string>>

/** Opens a PayU of one account. */
export async function openPayuFake({ now }: FakeOptions): Promise<Fake> {
  const book = new PayuBook(credentials, now)
  const server = await openFakeServer({ spec: 'payu.openapi.json', answer, stepOf, disguise })

  function answer(request: FakeRequest): FakeAnswer {
    book.catchUp()
    const form = request.body as Form
    if (request.operation === 'pay') return pay(form)
    return request.operation === 'otp' ? heed(form) : obey(form)
  }

  function pay(form: Form): FakeAnswer {
    const { txnid = '', hash: signature, ccnum, ccvv: _ccvv, ...kept } = form
    const refused = (code: string, message: string) =>
      ok({ metaData: { ...failed(code, message), txnId: txnid }, result: null })
    if (form['key'] !== credentials.key || signature !== signRequest(form, credentials.salt)) {
      return refused('E700', 'Validation of secure hash failed')
    }
    if (book.payments.some((one) => one.form['txnid'] === txnid)) {
      return refused('E504', 'Duplicate Transaction')
    }
    const card = (Object.keys(cards) as (keyof FakeCards)[]).find((one) => cards[one] === ccnum)
    const payment: FakePayment = {
      form: { ...kept, txnid },
      card: card ?? 'good',
      referenceId: hash('sha256', txnid, 'hex').slice(0, 32),
      mihpayid: book.newId(),
      createdAt: now(),
      actions: [],
      events: [],
      state: 'pending',
      error: '',
      sends: card === 'noOtp' || card === 'downAtStart' ? 0 : 1,
      guesses: 0,
    }
    book.payments.push(payment)
    if (card === 'downAtStart') {
      book.end(payment, 'failed', 'E1002')
      return refused('E1002', wordsOf('E1002'))
    }
    return begun(payment)
  }

  function begun(payment: FakePayment): FakeAnswer {
    const isNative = payment.card !== 'noOtp'
    const left = { submitOtp: { attemptsLeft: limits.attempts }, resendOtp: sendsOf(payment) }
    const acsTemplate = Buffer.from(page).toString('base64')
    return ok({
      metaData: { ...metaOf(payment), txnStatus: 'Enrolled', ...(isNative && left) },
      result: { ...(isNative && { otpPostUrl: `${server.url}/ResponseHandler.php` }), acsTemplate },
      binData: { pureS2SSupported: isNative, issuingBank: 'HDFC', isDomestic: true },
    })
  }

  function heed(form: Form): FakeAnswer {
    const payment = book.payments.find(({ referenceId }) => referenceId === form['referenceId'])
    if (!payment) return ok({ metaData: failed('E1701', 'Invalid Payment ID'), result: null })
    if (payment.state !== 'pending') return stored(payment)
    if (form['resendOtp'] === '1') return resend(payment)
    payment.guesses++
    if (form['otp'] !== otp.right) return wrong(payment)
    switch (payment.card) {
      case 'downAtSubmit':
      case 'lateSuccess':
        payment.state = 'in progress'
        payment.submittedAt = now()
        break
      case 'declined':
        book.end(payment, 'failed', 'E312')
        break
      default:
        book.authorize(payment)
    }
    return stored(payment)
  }

  /** What it came to is said again as often as anybody asks. */
  function stored(payment: FakePayment): FakeAnswer {
    if (payment.state === 'in progress') {
      const submitOtp = { status: 'in progress' }
      return ok({
        metaData: { ...metaOf(payment), unmappedStatus: 'in progress', submitOtp },
        result: null,
      })
    }
    const paid = isPaid(payment)
    const { error } = payment
    return ok({
      metaData: {
        ...metaOf(payment),
        message: wordsOf(error),
        statusCode: error,
        unmappedStatus: paid ? 'success' : 'failure',
        submitOtp: paid ? { status: 'success' } : { status: 'failed', attemptsLeft: 0 },
      },
      result: { ...book.resultOf(payment), unmappedstatus: isHeldOrTaken(payment) },
    })
  }

  function wrong(payment: FakePayment): FakeAnswer {
    const attemptsLeft = limits.attempts - payment.guesses
    if (attemptsLeft === 0) {
      book.end(payment, 'failed', 'E1601')
      return stored(payment)
    }
    const message = `OTP invalid. ${attemptsLeft} retry attempts left out of ${limits.attempts}`
    const submitOtp = { status: 'failed', attemptsLeft }
    const metaData = { ...metaOf(payment), message, submitOtp, resendOtp: sendsOf(payment) }
    return ok({ metaData, result: {} })
  }

  function resend(payment: FakePayment): FakeAnswer {
    const isOver = payment.sends === limits.sends
    if (!isOver) payment.sends++
    const attemptsLeft = limits.sends - payment.sends
    const metaData = isOver
      ? {
          ...metaOf(payment),
          statusCode: 'E1604',
          message: 'no more OTPs',
          resendOtp: { status: 'failed', attemptsLeft },
        }
      : { ...metaOf(payment), resendOtp: { status: 'success', attemptsLeft } }
    return ok({ metaData, result: {} })
  }

  function obey(form: Form): FakeAnswer {
    const { key, command = '', var1 = '' } = form
    if (key !== credentials.key) return no('Invalid Key.')
    const signature = hash('sha512', `${key}|${command}|${var1}|${credentials.salt}`, 'hex')
    if (form['hash'] !== signature) return no('Invalid Hash.')
    const payment = book.payments.find(({ mihpayid }) => mihpayid === var1)
    switch (command) {
      case 'verify_payment':
        return verify(var1)
      case 'getBinInfo': {
        const bin = form['var2'] ?? ''
        const flag = cards.noOtp.startsWith(bin) ? 0 : 1
        return ok({ status: 1, data: { bins_data: { bin, is_otp_on_the_fly: flag } } })
      }
      case 'check_action_status':
        return listed(var1, payment)
      default:
        return payment ? queue(payment, form) : no('Transaction Not Found', 116)
    }
  }

  /** The test system prints this command's numbers as strings. */
  function verify(txnid: string): FakeAnswer {
    const payment = book.payments.find(({ form }) => form['txnid'] === txnid)
    const found = payment ? 1 : 0
    const msg = `${found} out of 1 Transactions Fetched Successfully`
    const details = payment
      ? detailsOf(payment, book.resultOf(payment))
      : { mihpayid: 'Not Found', status: 'Not Found' }
    return ok({ status: String(found), msg, transaction_details: { [txnid]: details } })
  }

  function listed(var1: string, payment: FakePayment | undefined): FakeAnswer {
    const { actions = [] } = payment ?? {}
    const rows = actions.map((action) => [action.id, rowOf(action, var1)])
    const details = rows.length > 0 ? Object.fromEntries(rows) : 'No action status found'
    const found = rows.length > 0 ? 1 : 0
    const msg = `${found} out of 1 Transactions Fetched Successfully`
    return ok({ status: found, msg, transaction_details: { [var1]: details } })
  }

  function queue(payment: FakePayment, form: Form): FakeAnswer {
    const { command, var2: token = '', var3: amount = '' } = form
    const { state, actions } = payment
    const kind =
      command === 'capture_transaction' ? 'capture' : state === 'auth' ? 'cancel' : 'refund'
    const refusal = refusalOf(payment, { kind, token, amount })
    if (refusal) return no(...refusal)
    const id = book.newId().slice(-9)
    actions.push({ id, kind, token, amount, at: now(), done: false })
    const bank_ref_num = `7001${id}`
    const { mihpayid } = payment
    switch (kind) {
      case 'capture':
        return ok({ status: 1, msg: 'Capture Request Queued', request_id: id, bank_ref_num })
      case 'cancel': {
        const said = { txn_update_id: id, bank_ref_num, mihpayid, error_code: 102 }
        return ok({ status: 1, msg: 'Cancel Request Queued', ...said })
      }
      case 'refund': {
        const said = { request_id: id, bank_ref_num, mihpayid, error_code: 102 }
        return ok({ status: 1, msg: 'Refund Request Queued', ...said })
      }
    }
  }

  function refusalOf(
    payment: FakePayment,
    { kind, token, amount }: Pick<FakeAction, 'kind' | 'token' | 'amount'>,
  ): [string, number] | undefined {
    const { state, actions, form } = payment
    const whole = form['amount'] ?? ''
    if (actions.some((one) => one.token === token)) return ['Token already exists.', 106]
    if (kind !== 'refund') {
      if (state !== 'auth') return ['Invalid transaction status', 111]
      if (amount !== whole) return ['Invalid amount', 105]
      return actions.some(({ done }) => !done) ? ['Request is already logged', 109] : undefined
    }
    if (state !== 'captured') return ['Invalid transaction status', 111]
    const isRecent = (one: FakeAction) => one.kind === 'refund' && now() - one.at < sameAmountMs
    if (returnedOf(payment) + paiseOf(amount) > paiseOf(whole)) return ['Invalid amount', 105]
    return actions.some((one) => isRecent(one) && one.amount === amount)
      ? ['Same amount same transaction within 5 minutes', 214]
      : undefined
  }

  function stepOf({ operation, body }: FakeRequest): Step | undefined {
    if (operation === 'pay') return 'start'
    if (operation === 'otp') return body['resendOtp'] === undefined ? 'submit' : 'resend'
    const payment = book.payments.find(({ mihpayid }) => mihpayid === body['var1'])
    switch (body['command']) {
      case 'verify_payment':
        return 'sync'
      case 'getBinInfo':
        return 'eligibility'
      case 'capture_transaction':
        return 'capture'
      case 'cancel_refund_transaction':
        return payment?.state === 'auth' ? 'void' : 'refund'
      default:
        // Of held money the list of actions only completes what the payment's own state says.
        return payment?.state === 'captured' ? 'sync_refund' : undefined
    }
  }

  return {
    gateway: 'payu' as GatewayName,
    baseUrl: server.url,
    credentials,
    cards,
    otp,
    limits,
    spoil: server.spoil,
    stalled: server.stalled,
    book: async () => book.booked(),
    callbacksOf: async (reference) => {
      book.catchUp()
      const named = book.payments.find(({ form }) => `txn_${form['txnid']}` === reference)
      return named?.events ?? []
    },
    problems: server.problems,
    connections: server.connections,
    close: server.close,
  }
}
