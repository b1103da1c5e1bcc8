// Fills dist/ anew.
import { rm } from 'node:fs/promises';
import { bundle } from './bundle.js';

await rm('dist', { recursive: true, force: true });
await bundle('dist', process.argv.includes('--quiet') ? 'warning' : 'info');
