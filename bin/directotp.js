#!/usr/bin/env node
// Runs the server on Node 26: the one that runs this file, or the one that npm installed with it.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const main = join(here, '..', 'src', 'main.ts')

const isNew = (version) => Number(version.split('.')[0]) >= 26

/** npm puts it beside this file, or, for a package in a workspace, into a folder above. */
function installedNode(folder) {
  const node = join(folder, 'node_modules', '.bin', 'node')
  if (existsSync(node)) {
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
    if (isNew(stdout?.slice(1) ?? '')) return node
  }
  const above = dirname(folder)
  return above === folder ? undefined : installedNode(above)
}

if (isNew(process.versions.node)) {
  await import(main)
} else {
  const installed = installedNode(dirname(here))
  if (!installed) {
    process.stderr.write(
      `directotp needs Node 26 and found ${process.versions.node}; ` +
        'run "npm ci" (with its optional dependencies), which brings it\n',
    )
    process.exit(2)
  }
  const child = spawn(installed, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
  // A shell's own number for a program that a signal ended.
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
