import { build } from 'esbuild';

/** Bundles the command line and the local cloud as a library. Packages stay external. */
export async function bundle(outdir, logLevel) {
  await build({
    entryPoints: {
      'cli/main': 'cli/main.ts',
      'local/index': 'local/index.ts',
      // The pool of the engine looks for it beside the folder of chunks.
      'local-engine-worker': 'shared/faces/engines/local/worker.ts',
    },
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
