import { build } from 'esbuild';

/** Benchmarks plain JavaScript, as it is shipped, not TypeScript with a loader. */
export async function buildPrograms(): Promise<void> {
  await build({
    entryPoints: ['stub.ts', 'contender.ts', 'contenders/*'],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.10',
    packages: 'external',
    logLevel: 'error',
  });
}
