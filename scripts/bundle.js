import { build } from 'esbuild';

/** Bundles the command line; packages stay external. */
export async function bundle(outdir, logLevel) {
  await build({
    entryPoints: { 'cli/main': 'cli/main.ts' },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.10',
    packages: 'external',
    sourcemap: true,
    logLevel,
  });
}
