import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePhotos } from '../../cli/files.ts';

/** Milliseconds from the start of `npm start`'s process to the first line of its table, with one photo. */
export async function coldStart(): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-'));
  const [photo] = await samplePhotos();
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      'dist/cli/main.js',
      'start',
      '--once',
      '--data-dir',
      dataDir,
      '--oss-port',
      '0',
      '--mns-port',
      '0',
      photo!.path,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let firstResult = 0;
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (firstResult === 0 && /sample1\.jpg +3 +processed/.test(output))
      firstResult = performance.now() - started;
  });
  const [code] = await once(child, 'exit');
  await rm(dataDir, { recursive: true, force: true });
  if (code !== 0 || firstResult === 0) throw new Error(`the run failed with ${code}: ${output}`);
  return firstResult;
}
