#!/usr/bin/env node
// The command `mnsoss-face`. The package brings the bundle; a fresh checkout builds it here, as npm runs no script there.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(process.execPath, ['scripts/build.js', '--quiet'], { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
await import(main.href);
