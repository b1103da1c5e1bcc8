// Writes dist/types/, which `exports` of package.json names.
import { rm } from 'node:fs/promises';
import { declarations } from './declarations.js';

await rm('dist/types', { recursive: true, force: true });
await declarations('dist/types');
