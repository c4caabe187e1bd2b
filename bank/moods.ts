import type { Book } from './book.ts'
import {
  byPrecedence,
  type Call,
  effects,
  type Humour,
  humourOf,
  type Rule,
  slowDefaultMs,
  wireDefaultQuestion,
} from './mood.ts'
import { BadInput, type MoodRequest } from './request.ts'
import type { Seed } from './seed.ts'

/** The moods somebody set, kept in the book and, for speed, in memory. */
export interface Moods {
  all(): readonly Rule[]
  /** Sets a mood. @throws BadInput when the request contradicts itself */
  add(request: MoodRequest): Rule
  clear(): void
  /** The moods one call meets; takes one turn off each rule used. Call it in a transaction. */
  meet(call: Call): Humour
}

/** Opens the moods of a book. */
export function openMoods(book: Book, seed: Seed): Moods {
  let rules = readRules(book)
  return {
    all: () => rules,
    add: (request) => {
      const rule = ruleOf(request, seed)
      const text = JSON.stringify({ ...rule, id: undefined })
      const { lastInsertRowid } = book.prepare('insert into rules (rule) values (?)').run(text)
      const added = { ...rule, id: Number(lastInsertRowid) }
      rules = [...rules, added].sort(byPrecedence)
      return added
    },
    clear: () => {
      book.prepare('delete from rules').run()
      rules = []
    },
    meet: (call) => {
      const humour = humourOf(call, rules)
      for (const rule of humour.used) spend(book, rule)
      if (humour.used.some((rule) => rule.timesLeft !== undefined)) rules = readRules(book)
      return humour
    },
  }
}

function readRules(book: Book): Rule[] {
  return book
    .prepare('select id, rule from rules')
    .all()
    .map((row): Rule => ({ ...JSON.parse(String(row['rule'])), id: row['id'] }))
    .sort(byPrecedence)
}

function spend(book: Book, rule: Rule): void {
  if (rule.timesLeft === undefined) return
  if (rule.timesLeft === 1) book.prepare('delete from rules where id = ?').run(rule.id)
  else {
    const text = JSON.stringify({ ...rule, id: undefined, timesLeft: rule.timesLeft - 1 })
    book.prepare('update rules set rule = ? where id = ?').run(text, rule.id)
  }
}

function ruleOf(request: MoodRequest, seed: Seed): Rule {
  const { mood, next } = request
  const effect = effects[mood]
  const problems: string[] = []
  const targets = [request.card, request.bin, request.account, next].filter((target) => target)
  if (targets.length !== 1) problems.push('exactly one of card, bin, account, next must be given')
  if (next && (request.on || request.times)) problems.push('next stands without on and times')
  if (request.on && effect.kind !== 'wire') problems.push(`${mood} acts on questions of its own`)
  if (next && 'on' in effect && !effect.on.includes(next)) {
    problems.push(`${mood} acts on ${effect.on.join(' and ')} only`)
  }
  if (request.acted !== undefined && !(effect.kind === 'wire' && effect.acts === 'chosen')) {
    problems.push(`acted cannot be chosen for ${mood}`)
  }
  if (request.delay_ms !== undefined && mood !== 'slow') problems.push('delay_ms is for slow')
  if (problems.length > 0) throw new BadInput(problems)
  const wire = effect.kind === 'wire'
  return {
    id: 0,
    mood,
    target: targetOf(request, seed),
    on: next ?? request.on ?? (wire ? wireDefaultQuestion : undefined),
    acted: (wire && effect.acts === 'always') || (request.acted ?? false),
    timesLeft: next ? 1 : request.times,
    delayMs: request.delay_ms ?? slowDefaultMs,
  }
}

function targetOf({ card, bin, account }: MoodRequest, seed: Seed): Rule['target'] {
  if (card) return { kind: 'card', fingerprint: seed.fingerprint(card), lastFour: card.slice(-4) }
  if (bin) return { kind: 'bin', fingerprint: seed.fingerprint(bin), bin }
  if (account) return { kind: 'account', account }
  return { kind: 'next' }
}
