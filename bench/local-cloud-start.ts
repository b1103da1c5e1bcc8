// From start to listening, and memory at rest, of the packed local cloud beside Node alone: `npm run bench:cloud-start`.
// Fails above its bars, which are multiples of Node alone.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { packCloud } from '../scripts/pack-cloud/pack.ts';
import { untilPrinted } from './child.ts';
import { median, spread } from './slice/statistics.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 11);
/** How long a process is left alone before its memory is read. */
const REST_MS = 1000;
/** The most that the local cloud in memory may take, as multiples of Node alone. */
const BARS = { milliseconds: 8, megabytes: 2.5 };

interface Contender {
  readonly name: string;
  readonly args: readonly string[];
  /** What it prints when it is ready. */
  readonly ready: string;
}

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'bench-cloud-start-'));
try {
  await writeFile(join(folder, 'package.json'), '{}');
  const file = await packCloud(folder);
  await run('npm', ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', file], {
    cwd: folder,
  });
  const { bin } = JSON.parse(
    await readFile(join(folder, 'node_modules/aliyun-local-cloud/package.json'), 'utf8'),
  );
  const cli = resolve(folder, 'node_modules/aliyun-local-cloud', bin['aliyun-local-cloud']);
  const ports = ['--oss-port', '0', '--mns-port', '0'];
  const [floor, ...clouds]: [Contender, ...Contender[]] = [
    { name: 'node -e 0', args: ['-e', 'console.log("region"); setInterval(() => {}, 1e9)'], ready: 'region' },
    { name: 'in memory', args: [cli, '--in-memory', ...ports], ready: 'region' },
    {
      name: 'with a data folder',
      args: [cli, '--data-dir', join(folder, 'data'), ...ports],
      ready: 'region',
    },
  ];
  const contenders = [floor, ...clouds];
  const samples = new Map(
    contenders.map(({ name }) => [name, { milliseconds: [], megabytes: [] } as Samples]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) await measure(contender, samples.get(contender.name)!);
  }
  report(samples, floor.name);
} finally {
  await rm(folder, { recursive: true });
}

interface Samples {
  readonly milliseconds: number[];
  readonly megabytes: number[];
}

async function measure({ args, ready }: Contender, samples: Samples): Promise<void> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder });
  const ended = once(child, 'close');
  await untilPrinted(child, ready);
  samples.milliseconds.push(performance.now() - startedAt);
  await new Promise((done) => setTimeout(done, REST_MS));
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(child.pid)]);
  samples.megabytes.push(Number(stdout) / 1024);
  child.kill('SIGTERM');
  await ended;
}

function report(samples: ReadonlyMap<string, Samples>, floor: string): void {
  const { milliseconds, megabytes } = samples.get(floor)!;
  console.log(`Node ${process.version}, ${ROUNDS} rounds in turn, medians (min–max)\n`);
  console.log('| | start to listening | ratio | memory at rest | ratio |\n| --- | --- | --- | --- | --- |');
  for (const [name, own] of samples) {
    const ratios = {
      milliseconds: median(own.milliseconds) / median(milliseconds),
      megabytes: median(own.megabytes) / median(megabytes),
    };
    console.log(
      `| ${name} | ${spread(own.milliseconds, 0)} ms | ${ratios.milliseconds.toFixed(1)} | ${spread(own.megabytes, 0)} MB | ${ratios.megabytes.toFixed(1)} |`,
    );
    if (name !== 'in memory') continue;
    for (const unit of ['milliseconds', 'megabytes'] as const) {
      if (ratios[unit] <= BARS[unit]) continue;
      console.error(
        `missed: ${name} takes ${ratios[unit].toFixed(1)} times the ${unit} of Node, bar ${BARS[unit]}`,
      );
      process.exitCode = 1;
    }
  }
}
