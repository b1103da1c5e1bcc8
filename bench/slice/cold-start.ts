import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePhotos } from '../../cli/files.ts';
import { processorMs } from '../../test/support/process-tree.ts';

export interface ColdStart {
  /** Milliseconds from the start of the process to the first line of its table. */
  readonly elapsedMs: number;
  /** Processor time of all its processes until then. */
  readonly processorMs: number;
}

/** `npm start` of a checkout that is built, with one photo. */
export async function coldStart(root: string): Promise<ColdStart> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-'));
  const [photo] = await samplePhotos();
  const started = performance.now();
  const ports = ['--oss-port', '0', '--mns-port', '0'];
  const child = spawn(
    process.execPath,
    [join(root, 'dist/cli/main.js'), 'start', '--once', '--data-dir', dataDir, ...ports, photo!.path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let first: ColdStart | undefined;
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (first || !/sample1\.jpg +3 +processed/.test(output)) return;
    first = { elapsedMs: performance.now() - started, processorMs: processorMs(child.pid) };
  });
  const [code] = await once(child, 'exit');
  await rm(dataDir, { recursive: true, force: true });
  if (code !== 0 || !first) throw new Error(`the run failed with ${code}: ${output}`);
  return first;
}
