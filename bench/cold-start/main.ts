// Load time and first call of each function in new processes, compared with unbundled code and an empty handler:
// `npm run bench:cold-start`. Fails when loading a bundle takes more than its bar above the empty handler.
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildFunction } from '../../scripts/functions/build.ts';
import { ensureNode, FC_NODE_VERSION } from '../../scripts/node-binaries.ts';
import { median, spread } from '../slice/statistics.ts';
import { type CpuLimit, limitCpu } from './cpu-limit.ts';
import { openStage, type Stage } from './stage.ts';
import { compileUnbundled } from './unbundled.ts';

const WORK = 'dist/cold-start';
const SHARE = 0.35;
const ROUNDS = Number(process.env.ROUNDS ?? 15);
const SLOW_ROUNDS = Math.ceil(ROUNDS / 3);

/** `bar`: maximum load time above that of the empty handler, in milliseconds. */
const CONTENDERS = [
  { name: 'empty', file: `${WORK}/empty/index.js`, event: 'timer' },
  { name: 'face-recognition', file: `${WORK}/face-recognition/index.js`, event: 'upload', bar: 40 },
  {
    name: 'face-recognition unbundled',
    file: `${WORK}/unbundled/functions/face-recognition/fc.mjs`,
    event: 'upload',
  },
  { name: 'mns-poller', file: `${WORK}/mns-poller/index.js`, event: 'timer', bar: 20 },
  { name: 'mns-poller unbundled', file: `${WORK}/unbundled/functions/mns-poller/fc.mjs`, event: 'timer' },
] as const;

interface Times {
  readonly load: number[];
  readonly first: number[];
}

const run = promisify(execFile);

await build();
const stage = await openStage();
const limit = await limitCpu(SHARE);
const missed: string[] = [];
try {
  for (const node of [process.execPath, await ensureNode(FC_NODE_VERSION)]) {
    const version = (await run(node, ['--version'])).stdout.trim();
    missed.push(...print(`Node ${version}`, await measure(node, stage, ROUNDS)));
    if (typeof limit === 'string') console.log(`\nNode ${version}, ${SHARE} CPU: not measured: ${limit}`);
    else
      missed.push(...print(`Node ${version}, ${SHARE} CPU`, await measure(node, stage, SLOW_ROUNDS, limit)));
  }
} finally {
  if (typeof limit !== 'string') await limit.remove();
  await stage.close();
  await rm(WORK, { recursive: true });
}
if (missed.length > 0) {
  console.error(`\nmissed:\n  ${missed.join('\n  ')}`);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  await mkdir(`${WORK}/empty`, { recursive: true });
  await writeFile(`${WORK}/empty/index.js`, 'exports.handler = async () => {};\n');
  await writeFile(`${WORK}/empty/package.json`, '{"type":"commonjs"}\n');
  for (const name of ['face-recognition', 'mns-poller'])
    await buildFunction(name, { outdir: WORK, engine: 'facebody' });
  await compileUnbundled(['functions', 'shared'], `${WORK}/unbundled`);
}

/** In rounds, so that other load on the machine affects all contenders alike. */
async function measure(
  node: string,
  { environment, context, timer, upload }: Stage,
  rounds: number,
  cpu?: CpuLimit,
): Promise<Map<string, Times>> {
  const times = new Map<string, Times>(CONTENDERS.map(({ name }) => [name, { load: [], first: [] }]));
  const probe = resolve('bench/cold-start/probe.cjs');
  for (let round = 0; round < rounds; round++) {
    for (const { name, file, event } of CONTENDERS) {
      const args = [probe, resolve(file), event === 'timer' ? timer : await upload(), context];
      const enter = cpu ? `echo $$ > ${cpu.procs} && ` : '';
      const { stdout } = await run('sh', ['-c', `${enter}exec "$0" "$@"`, node, ...args], {
        env: environment,
      });
      const { load, first } = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
        load: number;
        first: number;
      };
      times.get(name)!.load.push(load);
      times.get(name)!.first.push(first);
    }
  }
  return times;
}

/** Prints the table. Returns the bars that were missed. */
function print(title: string, times: Map<string, Times>): string[] {
  console.log(`\n${title}: median (min–max) of ${times.get('empty')!.load.length} processes, ms`);
  const floor = median(times.get('empty')!.load);
  const faults: string[] = [];
  for (const { name, ...rest } of CONTENDERS) {
    const { load, first } = times.get(name)!;
    const both = load.map((ms, round) => ms + first[round]!);
    console.log(
      `  ${name.padEnd(28)} load ${spread(load, 0).padEnd(16)} first call ${spread(first, 0).padEnd(18)} both ${spread(both, 0)}`,
    );
    const above = median(load) - floor;
    if ('bar' in rest && above > rest.bar)
      faults.push(
        `${title}: ${name} loads ${above.toFixed(0)} ms above the empty handler, the bar is ${rest.bar}`,
      );
  }
  return faults;
}
