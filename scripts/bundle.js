import { build } from 'esbuild';

/** Bundles the command line and the embeddable local cloud; packages stay external. */
export async function bundle(outdir, logLevel) {
  await build({
    entryPoints: {
      'cli/main': 'cli/main.ts',
      'local/index': 'local/index.ts',
      // Beside the folder of chunks, where the engine's pool looks for it.
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
