import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder of this run of the tests, for what several test files share. It is removed at the end. */
    runFolder: string;
  }
}

/** Creates the folder inside node_modules, where bundles find their packages. In watch mode each rerun empties it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cache = 'node_modules/.cache';
  await mkdir(cache, { recursive: true });
  const runFolder = await mkdtemp(join(cache, 'mnsoss-face-'));
  project.provide('runFolder', runFolder);
  project.onTestsRerun(async () => {
    await rm(runFolder, { recursive: true, force: true });
    await mkdir(runFolder);
  });
  return () => rm(runFolder, { recursive: true, force: true });
}
