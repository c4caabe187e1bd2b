#!/usr/bin/env node
// Runs the server on Node 26: the one that runs this file, or the one that npm installed beside it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const main = join(here, '..', 'src', 'main.ts')

if (Number(process.versions.node.split('.')[0]) >= 26) {
  await import(main)
} else {
  const installed = join(here, '..', 'node_modules', '.bin', 'node')
  if (!existsSync(installed)) {
    process.stderr.write(
      `directotp needs Node 26 and found ${process.versions.node}; ` +
        'run "npm ci" (with its optional dependencies), which brings it\n',
    )
    process.exit(2)
  }
  const child = spawn(installed, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 130)))
}
