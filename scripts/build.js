// Bundles the command line and the embeddable local cloud to dist/; packages stay external.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

const quiet = process.argv.includes('--quiet');

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: { 'cli/main': 'cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.10',
  packages: 'external',
  sourcemap: true,
  logLevel: quiet ? 'warning' : 'info',
});
