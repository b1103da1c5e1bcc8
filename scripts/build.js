// Builds dist/ again, except what scripts/build-functions.ts and scripts/build-declarations.js write.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './bundle.js';

for (const name of await readdir('dist').catch(() => [])) {
  if (name !== 'functions' && name !== 'types') await rm(join('dist', name), { recursive: true });
}
await bundle('dist', process.argv.includes('--quiet') ? 'warning' : 'info');
