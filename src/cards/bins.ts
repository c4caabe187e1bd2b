import type { Db, Tx } from '../db/db.ts'
import type { BinRow, Brand } from './bin.ts'

/** What the BIN table knows of a number's beginning: its longest row that fits, or `undefined`. */
export async function findBin(get: Db['read'], digits: string): Promise<BinRow | undefined> {
  const rows = await get(
    `select bin, brand, bank, bank_code, type, sub_type, country from bins
     where bin in ($1, $2, $3, $4)`,
    [digits.slice(0, 6), digits.slice(0, 7), digits.slice(0, 8), digits.slice(0, 9)],
  )
  const [longest] = rows.sort((a, b) => String(b['bin']).length - String(a['bin']).length)
  return (
    longest && {
      bin: String(longest['bin']),
      brand: longest['brand'] as Brand,
      bank: String(longest['bank']),
      bankCode: String(longest['bank_code']),
      type: String(longest['type']),
      subType: String(longest['sub_type']),
      country: String(longest['country']),
    }
  )
}

/** Adds a row to the BIN table, or leaves the one that is there. */
export function insertBin(t: Tx, row: BinRow): void {
  t.put(
    `insert into bins (bin, brand, bank, bank_code, type, sub_type, country)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (bin) do nothing`,
    [row.bin, row.brand, row.bank, row.bankCode, row.type, row.subType, row.country],
  )
}

/** Adds a row to the BIN table, in place of the one that is there. */
export function replaceBin(t: Tx, row: BinRow): void {
  t.put(
    `insert into bins (bin, brand, bank, bank_code, type, sub_type, country)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (bin) do update set brand = excluded.brand,
       bank = excluded.bank, bank_code = excluded.bank_code, type = excluded.type,
       sub_type = excluded.sub_type, country = excluded.country`,
    [row.bin, row.brand, row.bank, row.bankCode, row.type, row.subType, row.country],
  )
}

/** The BINs of the table, in no order; `most` of them. */
export async function listBins(get: Db['read'], most: number): Promise<string[]> {
  const rows = await get('select bin from bins limit $1', [most])
  return rows.map((row) => String(row['bin']))
}

/** How many rows the BIN table has. */
export async function countBins(get: Db['read']): Promise<number> {
  const [row] = await get('select count(*) as bins from bins', [])
  return Number(row?.['bins'])
}

/** Whether the BIN table knows the bank of any card, and the type of any. */
export async function binsKnow(get: Db['read']): Promise<{ issuer: boolean; card_type: boolean }> {
  const [row] = await get(
    `select max(case when bank <> '' then 1 else 0 end) as banks,
       max(case when type <> '' then 1 else 0 end) as types from bins`,
    [],
  )
  return { issuer: Number(row?.['banks']) > 0, card_type: Number(row?.['types']) > 0 }
}
