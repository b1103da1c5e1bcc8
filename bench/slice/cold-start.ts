import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePhotos } from '../../cli/files.ts';
import { untilPrinted } from '../child.ts';

/** Milliseconds from the start of `npm start`'s process to the first line of its table, with one photo. */
export async function coldStart(): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-'));
  const [photo] = await samplePhotos();
  const options = ['--once', '--data-dir', dataDir, '--oss-port', '0', '--mns-port', '0'];
  const started = performance.now();
  const child = spawn(process.execPath, ['dist/cli/main.js', 'start', ...options, photo!.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await untilPrinted(child, /sample1\.jpg +3 +processed/);
  const firstResult = performance.now() - started;
  const [code] = await ended;
  await rm(dataDir, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the run failed with ${code}`);
  return firstResult;
}
