import { type CallOptions, call, type Line } from './call.ts'
import type {
  AddCardRequest,
  AddedCard,
  CardBin,
  CardBinChecks,
  CardFingerprint,
  CardList,
  CardTokenAnswer,
  DeletedCard,
  EligibleBins,
  FingerprintRequest,
  ListCardsRequest,
  NamedCard,
  PaymentMethods,
  SavedMethods,
  TokenizeCardRequest,
  UpdateCardRequest,
  UpdatedCard,
} from './card.ts'

/** The cards that customers have left for later. */
export interface CardCalls {
  /** Seals a card for one payment. May be called by a browser. */
  tokenize(card: TokenizeCardRequest, options?: CallOptions): Promise<CardTokenAnswer>
  add(card: AddCardRequest, options?: CallOptions): Promise<AddedCard>
  list(of: ListCardsRequest, options?: CallOptions): Promise<CardList>
  update(card: UpdateCardRequest, options?: CallOptions): Promise<UpdatedCard>
  delete(card: NamedCard, options?: CallOptions): Promise<DeletedCard>
  fingerprint(card: FingerprintRequest, options?: CallOptions): Promise<CardFingerprint>
}

/** The calls that tell what can be paid with. */
export interface MethodCalls {
  /** What is known of a card by its first 6 to 9 digits. */
  cardBin(bin: string, checks?: CardBinChecks, options?: CallOptions): Promise<CardBin>
  /** The BINs whose cards can pay by an OTP. */
  eligibleBins(options?: CallOptions): Promise<EligibleBins>
  /** What can be paid with. */
  paymentMethods(options?: CallOptions): Promise<PaymentMethods>
  /** What a customer has left for later. */
  savedMethods(customerId: string, options?: CallOptions): Promise<SavedMethods>
}

/** {@link CardCalls} by this line. */
export function cardCalls(line: Line): CardCalls {
  const { merchantId: merchant_id } = line
  const post = <T>(path: string, card: object, how: CallOptions | undefined) => {
    const said = card as Partial<Record<string, string>>
    const secrets = [said.card_number, said.card_security_code, said.card_token, said.token]
    return call<T>(line, { method: 'POST', path, body: { ...card, merchant_id }, secrets }, how)
  }
  return {
    tokenize: (card, how) => post('/card/tokenize', card, how),
    add: (card, how) => post('/cards', card, how),
    list: (query, how) => call(line, { method: 'GET', path: '/cards', query }, how),
    update: (card, how) => post('/card/update', card, how),
    delete: (card, how) => post('/card/delete', card, how),
    fingerprint: (card, how) => post('/v2/card/fingerprint', card, how),
  }
}

/** {@link MethodCalls} by this line. */
export function methodCalls(line: Line): MethodCalls {
  const merchant = encodeURIComponent(line.merchantId)
  return {
    cardBin: (bin, query, how) =>
      call(line, { method: 'GET', path: `/cardbins/${encodeURIComponent(bin)}`, query }, how),
    eligibleBins: (how) => {
      const query = { auth_type: 'OTP' }
      return call(line, { method: 'GET', path: '/v2/bins/eligibility', query }, how)
    },
    paymentMethods: (how) =>
      call(line, { method: 'GET', path: `/merchants/${merchant}/paymentmethods` }, how),
    savedMethods: (id, how) => {
      const path = `/customers/${encodeURIComponent(id)}/payment_methods`
      return call(line, { method: 'GET', path }, how)
    },
  }
}
