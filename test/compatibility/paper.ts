import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../../docs/compatibility.md', import.meta.url)

/** A line of a table, cell by cell. */
export type Line = readonly string[]

/**
 * Compares the table below a heading of docs/compatibility.md with what was found; with
 * `UPDATE_COMPATIBILITY=1` it is written instead.
 */
export function keepTable(heading: string, lines: readonly Line[]): void {
  const text = readFileSync(file, 'utf8')
  const table = lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
  const pattern = new RegExp(`(\\n## ${heading}\\n[^#]*?\\n\\|(?:-+\\|)+\\n)((?:\\|.*\\n)*)`)
  const found = pattern.exec(text)
  assert(found, `docs/compatibility.md has a table below ${heading}`)
  if (process.env['UPDATE_COMPATIBILITY'] === '1') {
    writeFileSync(
      file,
      text.replace(pattern, (_, before: string) => before + table),
    )
    return
  }
  const how = 'UPDATE_COMPATIBILITY=1 npm test writes docs/compatibility.md anew'
  assert.deepEqual(found[2]?.split('\n'), table.split('\n'), how)
}
