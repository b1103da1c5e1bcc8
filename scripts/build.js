// Bundles the command line and the embeddable local cloud to dist/; packages stay external.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

const quiet = process.argv.includes('--quiet');

await rm('dist/cli', { recursive: true, force: true });
await build({
  entryPoints: { 'cli/main': 'cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.10',
  packages: 'external',
  sourcemap: true,
  logLevel: quiet ? 'warning' : 'info',
});
