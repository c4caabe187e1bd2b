import { Type } from 'typebox'
import type { Brand } from '../cards/bin.ts'
import type { StoredCard } from '../cards/stored-card.ts'
import type { MerchantId } from '../ids.ts'
import { CardsBody, cardsBody } from './card-list-view.ts'

/** The networks as people write them. */
export const brandNames: Readonly<Record<Brand, string>> = {
  VISA: 'Visa',
  MASTERCARD: 'Mastercard',
  MAESTRO: 'Maestro',
  AMEX: 'American Express',
  RUPAY: 'RuPay',
  DINERS: 'Diners Club',
  DISCOVER: 'Discover',
  JCB: 'JCB',
}

/** What can be paid with. */
export const MethodsBody = Type.Object({
  payment_methods: Type.Array(
    Type.Object({
      payment_method_type: Type.Literal('CARD'),
      payment_method: Type.String(),
      description: Type.String(),
    }),
  ),
})

/** What a customer has left for later: cards, and never anything else. */
export const SavedMethodsBody = Type.Object({
  saved_payment_methods: Type.Object({
    payment_method_details: Type.Object({
      CARD: CardsBody.properties.cards,
      UPI_COLLECT: Type.Array(Type.Never()),
    }),
  }),
})

/** A customer's stored cards among what they could have left. */
export function savedMethodsBody(
  of: { merchant: MerchantId; customer: string },
  cards: readonly StoredCard[],
  now: number,
): Type.Static<typeof SavedMethodsBody> {
  const { cards: CARD } = cardsBody(of, cards, { now, cvvLess: false, mandate: false })
  return { saved_payment_methods: { payment_method_details: { CARD, UPI_COLLECT: [] } } }
}
