// Fills dist/ anew, all but dist/functions/, which scripts/build-functions.ts fills.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './bundle.js';

for (const name of await readdir('dist').catch(() => [])) {
  if (name !== 'functions') await rm(join('dist', name), { recursive: true });
}
await bundle('dist', process.argv.includes('--quiet') ? 'warning' : 'info');
