import type { Tx } from '../db/db.ts'
import { type MerchantId, shardOf } from '../ids.ts'
import type { Budget } from './budget.ts'

/** Spends one of a merchant's budget of a day; `false`, and nothing spent, when it is used up. */
export async function spend(
  t: Tx,
  merchant: MerchantId,
  { what, subject, limit }: Budget,
  day: number,
): Promise<boolean> {
  const rows = await t.get(
    `insert into budgets (shard, merchant, what, subject, day, spent)
     values ($1, $2, $3, $4, $5, 1)
     on conflict (shard, merchant, what, subject, day) do update
     set spent = budgets.spent + 1 where budgets.spent < $6
     returning spent`,
    [shardOf(merchant, subject), merchant, what, subject, day, limit],
  )
  return rows.length > 0
}

/** Removes what was spent before a day, `most` rows at a time; gives their number. All shards. */
export async function purgeBudgets(
  t: Tx,
  { before, most }: { before: number; most: number },
): Promise<number> {
  const rows = await t.get(
    `delete from budgets where (shard, merchant, what, subject, day) in
       (select shard, merchant, what, subject, day from budgets where day < $1 limit $2)
     returning day`,
    [before, most],
  )
  return rows.length
}
