import {
  decide,
  followed,
  type Instruction,
  obstacleTo,
  type Wanted,
  wordFor,
} from './instruction.ts'
import { addInstruction, instructionOf } from './instructions.ts'
import { type Code, messages, type Payment, present } from './payment.ts'
import { paymentById, paymentBySeq, updateMoney } from './payments.ts'
import type { Refund } from './refund.ts'
import * as rules from './refund.ts'
import * as refunds from './refunds.ts'
import { type Answer, notFound, type Reply, sayOf, type World } from './reply.ts'
import { type AmountRequest, BadInput, type VoidRequest } from './request.ts'

/**
 * The bank's part after the OTP: money taken, released and given back. The first word about a
 * reference is the last: the same one again only tells how it stands.
 */
export interface Till {
  /** Takes money a payment holds. @throws BadInput for a reference of another call */
  capture(id: string, request: AmountRequest): Reply
  /** Releases the money a payment holds. @throws BadInput for a reference of another call */
  void(id: string, request: VoidRequest): Reply
  /** Gives back money that was taken. @throws BadInput for a reference of another refund */
  refund(id: string, request: AmountRequest): Reply
  /** How the refund stands. */
  findRefund(reference: string): Reply
}

/** Opens the till. */
export function openTill(world: World, answer: Answer): Till {
  const { book, now } = world
  const instruct = (id: string, wanted: Wanted) =>
    book.tx(() => {
      const found = paymentById(book, id)
      const known = found && instructionOf(book, found, wanted.reference)
      if (known && known.amount !== wanted.amount) throw otherUse()
      const time = now()
      const payment = found && present(found, time)
      const obstacle = payment && obstacleTo(wanted, payment)
      const deed = payment !== undefined && !known && obstacle === undefined
      return answer({ question: wanted.kind, caller: payment, deed }, (mood) => {
        if (!found || !payment) return notFound
        if (known) return instructionSaid(world, known, payment)
        const instruction = decide(wanted, { obstacle, mood, now: time })
        const after = followed(payment, instruction, time)
        addInstruction(book, found, instruction)
        if (instruction.refusal === undefined) updateMoney(book, found, after)
        return instructionSaid(world, instruction, after)
      })
    })

  return {
    capture: (id, { reference, amount }) => instruct(id, { kind: 'capture', reference, amount }),
    void: (id, { reference }) => instruct(id, { kind: 'void', reference, amount: 0 }),
    refund: (id, request) =>
      book.tx(() => {
        const { reference, amount } = request
        const found = paymentById(book, id)
        const known = found && refunds.refundByReference(book, reference)
        if (known && !(known.payment === found.seq && known.amount === amount)) throw otherUse()
        const time = now()
        const payment = found && present(found, time)
        const obstacle = payment && rules.obstacleTo(amount, payment)
        const deed = payment !== undefined && !known && obstacle === undefined
        return answer({ question: 'refund', caller: payment, deed }, (mood) => {
          if (!found || !payment) return notFound
          if (known) return refundSaid(world, known, payment)
          const decision = rules.decide({ obstacle, mood, now: time })
          const refund = newRefund(world, payment, { ...request, ...decision, startedAt: time })
          refunds.addRefund(book, refund)
          const returned = payment.returned + amount
          if (refund.refusal === undefined) updateMoney(book, found, { ...payment, returned })
          return refundSaid(world, refund, payment)
        })
      }),
    findRefund: (reference) =>
      book.tx(() => {
        const refund = refunds.refundByReference(book, reference)
        const payment = refund && paymentBySeq(book, refund.payment)
        return answer({ question: 'refund_sync', caller: payment, deed: false }, () =>
          refund && payment ? refundSaid(world, refund, payment) : noSuchRefund,
        )
      }),
  }
}

const noSuchRefund: Reply = {
  status: 404,
  body: { state: 'not_found', message: 'No such refund' },
}

function otherUse(): BadInput {
  return new BadInput(['the reference belongs to another call'])
}

function instructionSaid(world: World, instruction: Instruction, payment: Payment): Reply {
  return sayOf(world, payment, wordFor(instruction, world.now()), instruction.refusal)
}

function newRefund(
  { book, seed }: World,
  { seq: payment }: Payment,
  parts: Omit<Refund, 'seq' | 'id' | 'payment'>,
): Refund {
  const seq = refunds.nextSeq(book)
  const { reference, amount, refusal, startedAt, settlesAt } = parts
  const id = seed.refundId(seq)
  return { seq, id, reference, payment, amount, refusal, startedAt, settlesAt }
}

function refundSaid({ seed, now }: World, refund: Refund, payment: Payment): Reply {
  const state = rules.stateOf(refund, now())
  const done: Code = state === 'refunded' ? 'APPROVED' : 'IN_PROGRESS'
  const code = refund.refusal ?? done
  const body = {
    id: refund.id,
    reference: refund.reference,
    payment: payment.id,
    amount: refund.amount,
    currency: payment.currency,
    state,
    code,
    message: messages[code],
    ...(state === 'refunded' && { arn: seed.arn(refund.id) }),
  }
  return { status: 200, body }
}
