import { readFile, stat } from 'node:fs/promises'
import { type BinFile, readBinFile } from '../cards/bin-file.ts'
import { importBins } from '../cards/import-bins.ts'
import { CannotStart } from '../open-store.ts'
import { environment, say, Usage, withStore } from './command.ts'

/** Half a million lines; the file is read as a whole, and must not fill the memory by mistake. */
const mostBytes = 64 * 1024 * 1024

/** `bins import FILE.csv`: all of the file, or nothing of it. Throws Usage and CannotStart. */
export async function bins([action, path, ...more]: readonly string[]): Promise<void> {
  if (action !== 'import' || path === undefined || more.length > 0) {
    throw new Usage('bins import FILE.csv')
  }
  const env = environment()
  const rows = rowsIn(path, readBinFile(await textOf(path)))
  await withStore(env, async (store) => {
    const by = { actor: 'command line', at: Date.now() }
    const { added, replaced } = await importBins(store, rows, by)
    say(`${rows.length} BINs are imported: ${added} new, ${replaced} replaced.`)
  })
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > mostBytes) throw new CannotStart(`${path} is larger than 64 MiB`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof CannotStart) throw error
    const code = error instanceof Error && 'code' in error ? error.code : 'an error'
    throw new CannotStart(`${path} can't be read (${code})`)
  }
}

function rowsIn(path: string, file: BinFile) {
  if ('ok' in file) return file.ok
  const rest = file.more > 0 ? [`… and ${file.more} more`] : []
  throw new CannotStart([`Nothing of ${path} is imported:`, ...file.wrong, ...rest].join('\n'))
}
