import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleFunction, findFunctions } from '../../scripts/functions/build.ts';
import { findKubectl } from '../support/kubernetes/kubectl.ts';
import { fetchKubectl } from './fetch-kubectl.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder with one folder a program, as its image has it. */
    programs: string;
  }
}

/** Before the tests: there is a kubectl, and the programs are built from the present sources. */
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
