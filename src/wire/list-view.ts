import { Type } from 'typebox'

/** The list of what this server has none of: wallets, mandates. */
export const EmptyList = Type.Object({
  object: Type.Literal('list'),
  count: Type.Literal(0),
  offset: Type.Literal(0),
  total: Type.Literal(0),
  list: Type.Array(Type.Never()),
})

/** One that answers every question for it. */
export const emptyList: Type.Static<typeof EmptyList> = Object.freeze({
  object: 'list',
  count: 0,
  offset: 0,
  total: 0,
  list: [],
})
