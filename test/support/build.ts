import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../scripts/bundle.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The command line, built from the present sources. */
    cli: string;
  }
}

/** Before the tests: what they start as a program of its own is built, in a folder of this run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Inside node_modules, so that the bundle finds its packages.
  const cache = 'node_modules/.cache';
  await mkdir(cache, { recursive: true });
  const outdir = await mkdtemp(join(cache, 'mnsoss-face-'));
  await bundle(outdir, 'warning');
  project.provide('cli', join(outdir, 'cli/main.js'));
  return () => rm(outdir, { recursive: true, force: true });
}
