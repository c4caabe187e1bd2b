import { CsvError } from 'csv-parse'
import { parse } from 'csv-parse/sync'
import { type BinRow, type Brand, brands, isBin } from './bin.ts'

/** What a file of BINs says, or everything that is wrong with it, each with its line. */
export type BinFile =
  | { readonly ok: readonly BinRow[] }
  | { readonly wrong: readonly string[]; readonly more: number }

const columns = ['bin', 'brand', 'bank', 'bank_code', 'type', 'sub_type', 'country'] as const
type Column = (typeof columns)[number]

/** Somebody has to read them; the rest is often the same mistake. */
const mostWrongTold = 20

/** Names of banks and cards, which every answer about a payment carries. */
const longestText = 100

/**
 * Reads a CSV file of BINs: a line of column names, then a BIN a line. What a cell holds is never
 * said in `wrong`: it might be a card number.
 */
export function readBinFile(text: string): BinFile {
  const lines = linesOf(text)
  if ('wrong' in lines) return { ...lines, more: 0 }
  const [head, ...rest] = lines.ok
  const names = head?.cells.map((name) => name.toLowerCase()) ?? []
  const lacking = columns.filter((column) => names.filter((name) => name === column).length !== 1)
  if (lacking.length > 0) {
    return { wrong: [`line 1: it must name each column once: ${lacking.join(', ')}`], more: 0 }
  }
  const wrong: string[] = []
  const seen = new Map<string, number>()
  const rows: BinRow[] = []
  for (const { line, cells } of rest) {
    const read = rowOf((column) => cells[names.indexOf(column)] ?? '')
    const before = 'ok' in read ? seen.get(read.ok.bin) : undefined
    if ('wrong' in read) wrong.push(`line ${line}: ${read.wrong}`)
    else if (before !== undefined) wrong.push(`line ${line}: its bin is on line ${before} too`)
    else {
      seen.set(read.ok.bin, line)
      rows.push(read.ok)
    }
  }
  if (wrong.length === 0) return { ok: rows }
  return { wrong: wrong.slice(0, mostWrongTold), more: Math.max(0, wrong.length - mostWrongTold) }
}

interface Line {
  readonly line: number
  readonly cells: readonly string[]
}

function linesOf(text: string): { ok: readonly Line[] } | { wrong: readonly string[] } {
  try {
    const ok: Line[] = []
    parse(text, {
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (cells: string[], { lines }) => {
        ok.push({ line: lines, cells })
        return null
      },
    })
    return { ok }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return { wrong: [`line ${error['lines']}: it is not CSV (${error.code})`] }
  }
}

function rowOf(cell: (column: Column) => string): { ok: BinRow } | { wrong: string } {
  const bin = cell('bin')
  if (!isBin(bin)) return { wrong: 'bin is not 6 to 9 digits' }
  const brand = brandNamed(cell('brand'))
  if (!brand) return { wrong: `brand is none of ${brands.join(', ')}` }
  const long = columns.find((column) => !isPlain(cell(column)))
  if (long) return { wrong: `${long} is longer than ${longestText} characters, or no plain text` }
  return {
    ok: {
      bin,
      brand,
      bank: cell('bank'),
      bankCode: cell('bank_code'),
      type: cell('type').toUpperCase(),
      subType: cell('sub_type'),
      country: cell('country'),
    },
  }
}

function brandNamed(text: string): Brand | undefined {
  const name = text.toUpperCase()
  return name === 'MASTER' ? 'MASTERCARD' : brands.find((brand) => brand === name)
}

function isPlain(text: string): boolean {
  return text.length <= longestText && !/\p{C}/u.test(text)
}
