import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/** What the local cloud starts by file name: processes that work on pictures, and processes of Function Compute. */
const STARTED = {
  // They are looked for beside the folder of chunks.
  programs: {
    'face-search-worker': 'shared/faces/index/vectors/worker.ts',
    'picture-process': 'shared/faces/pictures/main.ts',
  },
  // The local Function Compute looks for its runtime beside the chunk that starts it; clients preload the other file.
  files: ['local/fc/instances/fc-runtime.cjs', 'local/gateway/redirect.cjs'],
};

/** Bundles the command line and the local cloud as a library. Packages stay external. */
export function bundle(outdir, logLevel) {
  return bundleEntries({ 'cli/main': 'cli/main.ts', 'local/index': 'local/index.ts' }, outdir, logLevel);
}

/** Bundles the entry points with what they start, and returns esbuild's metafile. */
export async function bundleEntries(entryPoints, outdir, logLevel) {
  const { metafile } = await build({
    entryPoints: { ...entryPoints, ...STARTED.programs },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.10',
    packages: 'external',
    sourcemap: true,
    metafile: true,
    logLevel,
  });
  for (const file of STARTED.files) await copyFile(file, join(outdir, 'chunks', basename(file)));
  return metafile;
}
