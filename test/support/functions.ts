import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { bundleFunction } from '../../scripts/functions/build.ts';

/** A folder inside the project, from where its packages are found; it goes with the test. */
export async function projectTempDir(): Promise<string> {
  const folder = await mkdtemp(join(await cacheDir(), 'functions-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The absolute path of a function's bundle, made from the present sources; whoever asks for it removes it. */
export async function builtFunction(name: string): Promise<string> {
  const folder = await mkdtemp(join(await cacheDir(), 'functions-'));
  await bundleFunction(name, folder);
  return resolve(folder);
}

async function cacheDir(): Promise<string> {
  const cache = 'node_modules/.cache';
  await mkdir(cache, { recursive: true });
  return cache;
}
