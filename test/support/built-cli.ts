import { access, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { bundle } from '../../scripts/bundle.js';

/** The path of the command line, built from the present sources by the first test file of a run that asks for it. */
export async function builtCli(): Promise<string> {
  const runFolder = inject('runFolder');
  const folder = join(runFolder, 'cli');
  if (!(await exists(folder))) {
    const own = await mkdtemp(join(runFolder, 'build-'));
    await bundle(own, 'warning');
    await rename(own, folder).catch(async (error) => {
      // Another worker has built the same meanwhile.
      await rm(own, { recursive: true });
      if (!(await exists(folder))) throw error;
    });
  }
  return join(folder, 'cli/main.js');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
