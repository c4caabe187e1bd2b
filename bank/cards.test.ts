import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkDigitIsRight, testCards } from './cards.ts'
import { effects } from './mood.ts'

test('every mood has a card, and every card a right check digit', () => {
  const moods = new Set(testCards.map((card) => card.mood))
  assert.deepEqual([...moods].sort(), Object.keys(effects).sort())
  for (const { number } of testCards) assert.ok(checkDigitIsRight(number), number)
  assert.equal(checkDigitIsRight('4111111111111112'), false)
})

test('docs/testing.md lists every card with its mood and OTP', () => {
  const page = new URL('../docs/testing.md', import.meta.url)
  const rows = readFileSync(page, 'utf8').replaceAll(' ', '').split('\n')
  for (const { number, mood, otp } of testCards) {
    const row = rows.find((line) => line.startsWith(`|${number}|`))
    assert.ok(row?.includes(mood === 'ok' ? (otp ?? 'intheinbox') : `|\`${mood}\`|`), number)
  }
})
