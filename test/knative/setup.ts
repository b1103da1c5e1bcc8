import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleFunction, findFunctions } from '../../scripts/functions/build.ts';
import { findKubectl } from '../support/kubernetes/kubectl.ts';
import { fetchKubectl } from './fetch-kubectl.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder with one folder per program, as in its image. */
    programs: string;
  }
}

/** Before the tests: fetches kubectl if needed, and builds the programs from the current sources. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!findKubectl()) await fetchKubectl();
  // Inside node_modules, so that the programs find their packages.
  const cache = 'node_modules/.cache';
  await mkdir(cache, { recursive: true });
  const programs = await mkdtemp(join(cache, 'mnsoss-face-programs-'));
  for (const name of await findFunctions()) await bundleFunction(name, join(programs, name));
  project.provide('programs', resolve(programs));
  return () => rm(programs, { recursive: true, force: true });
}
