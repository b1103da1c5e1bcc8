import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder, removed at the end of the test. */
export async function tempDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mnsoss-face-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
