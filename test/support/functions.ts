import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { bundleFunction } from '../../scripts/functions/build.ts';

/** A new folder inside the project, from which packages are found. The caller removes it. */
export async function projectFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const cache = 'node_modules/.cache';
  await mkdir(cache, { recursive: true });
  const path = await mkdtemp(join(cache, 'functions-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The same, removed at the end of the test. */
export async function projectTempDir(): Promise<string> {
  const { path, remove } = await projectFolder();
  onTestFinished(remove);
  return path;
}

/** The absolute path of a function's bundle, built from the current sources. The caller removes it. */
export async function builtFunction(name: string): Promise<string> {
  const { path } = await projectFolder();
  await bundleFunction(name, path);
  return resolve(path);
}
