// The local cloud as a server: small writes, large reads, and messages, by eight clients; beside s3rver for objects
// and beside a server that does nothing for messages.
//
// Every server is a process of its own with an empty folder, the load another; the contenders take turns, so that a
// machine that slows down slows all. s3rver: npm ci --prefix bench/local-cloud. `--quick` does a twentieth.
// Fails when a job was not done, when a message is lost or comes twice, or when memory grows beyond its bar.
import { cpus, loadavg } from 'node:os';
import { median, spread } from '../slice/statistics.ts';
import { type Contender, durable, floor, inMemory, s3rver } from './contenders.ts';
import type { Figures } from './load.ts';
import { measureFloor, measureMessages } from './messages.ts';
import { measureObjects } from './objects.ts';

const SHARE = process.argv.includes('--quick') ? 0.05 : 1;
const PUTS = 10_000 * SHARE;
const GETS = 1_000 * SHARE;
const MESSAGES = 20_000 * SHARE;
const WARM_UP = 200;
const ROUNDS = 3;
const MEMORY_BAR_MB = 50;

interface Round {
  readonly put?: Figures;
  readonly get?: Figures;
  readonly messages?: Figures;
  /** Megabytes after a warm-up, and after everything. */
  readonly memory: readonly [start: number, end: number];
}

async function measure({ start }: Contender): Promise<Round> {
  const server = await start();
  const { mnsUrl } = server;
  if (mnsUrl !== undefined) await measureMessages(mnsUrl, WARM_UP);
  await measureObjects(server, 'warm-up', WARM_UP, WARM_UP);
  const before = await server.memory();
  const objects = await measureObjects(server, 'measured', PUTS, GETS);
  const messages = mnsUrl === undefined ? undefined : await measureMessages(mnsUrl, MESSAGES);
  const memory = [before, await server.memory()] as const;
  await server.stop();
  return { ...objects, ...(messages && { messages }), memory };
}

async function measureNothing({ start }: Contender): Promise<Round> {
  const server = await start();
  await measureFloor(server.url, WARM_UP);
  const before = await server.memory();
  const messages = await measureFloor(server.url, MESSAGES);
  const memory = [before, await server.memory()] as const;
  await server.stop();
  return { messages, memory };
}

const load = loadavg()[0]?.toFixed(1);
console.log(
  `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${load}, ${ROUNDS} rounds`,
);

const contenders = [durable, inMemory, s3rver, floor];
const rounds = new Map<Contender, Round[]>(contenders.map((contender) => [contender, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const contender of contenders) {
    const figures = await (contender === floor ? measureNothing(contender) : measure(contender));
    rounds.get(contender)!.push(figures);
    process.stderr.write(`round ${round + 1}: ${contender.name}\n`);
  }
}

const scenarios = [
  { name: 'put', title: `${PUTS} × PUT of 4 KB`, unit: 'PUT/s', rival: s3rver },
  { name: 'get', title: `${GETS} × GET of 1 MB`, unit: 'GET/s', rival: s3rver },
  { name: 'messages', title: `${MESSAGES} × send, receive, delete`, unit: 'messages/s', rival: floor },
] as const;

for (const { name, title, unit, rival } of scenarios) {
  console.log(`\n${title}, 8 clients; median (least–most)`);
  const of = (contender: Contender) => rounds.get(contender)!.flatMap((round) => round[name] ?? []);
  for (const contender of contenders) {
    const figures = of(contender);
    if (figures.length === 0) continue;
    const ratios = figures.map(({ perSecond }, round) => perSecond / of(rival)[round]!.perSecond);
    const cells = [
      contender.name.padEnd(18),
      `${spread(
        figures.map(({ perSecond }) => perSecond),
        0,
      )} ${unit}`.padEnd(32),
      `p99 ${spread(
        figures.map(({ p99Ms }) => p99Ms),
        1,
      )} ms`.padEnd(28),
      contender === rival ? '' : `${spread(ratios, 2)} × ${rival.name}`,
    ];
    console.log(cells.join('  ').trimEnd());
  }
}

console.log(
  `\nresident memory, MB, after a warm-up → after everything; bar of growth for ours ${MEMORY_BAR_MB}`,
);
for (const contender of contenders) {
  const memory = rounds.get(contender)!.map((round) => round.memory);
  const growth = memory.map(([start, end]) => end - start);
  const at = (index: 0 | 1) =>
    spread(
      memory.map((pair) => pair[index]),
      0,
    );
  console.log(`${contender.name.padEnd(18)}  ${at(0)} → ${at(1)}, growth ${spread(growth, 0)}`);
  const isOurs = contender === durable || contender === inMemory;
  if (isOurs && median(growth) > MEMORY_BAR_MB) {
    console.error(`${contender.name} grew by more than ${MEMORY_BAR_MB} MB`);
    process.exitCode = 1;
  }
}
