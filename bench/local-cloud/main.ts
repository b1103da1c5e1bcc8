// The local cloud as a server: small writes, large reads and messages, with eight clients. Compared with s3rver for
// objects, with ElasticMQ for messages where Java and Maven are installed, and with an empty server.
//
// Every server has its own process and an empty folder; the load has another process. All servers run at the same time
// and take turns: one whole load per server for writes, in another order each round, with a pause for the server's
// background work; small slices for reads and messages, so that a slow machine affects all alike. Five rounds,
// or as many as fit into eight minutes, at least three. Ratios are within one round. `--quick` does a twentieth.
// Fails when a job is not done, an object is not listed, a message is lost or repeated, or a bar is missed: the median of the
// ratios to the rival, and the growth of memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { describeMachine } from '../machine.ts';
import { median, spread } from '../slice/statistics.ts';
import { type Contender, durable, floor, inMemory, type Running, s3rver } from './contenders.ts';
import { elasticMq, measureElasticMq, prepareElasticMq } from './elasticmq.ts';
import { type Figures, figuresOf, type Load } from './load.ts';
import { measureFloor, measureMessages } from './messages.ts';
import { type Objects, openObjects } from './objects.ts';

const SHARE = process.argv.includes('--quick') ? 0.05 : 1;
const PUTS = 10_000 * SHARE;
const GETS = 1_000 * SHARE;
const MESSAGES = 20_000 * SHARE;
const SLICES = 10;
const WARM_UP = 200;
const ROUNDS = 5;
const MIN_ROUNDS = 3;
const BUDGET_MS = 8 * 60_000;
const PAUSE_MS = 2000;
const MEMORY_BAR_MB = 50;

/** The least median of our durable rate ÷ the rival's. The rivals do not wait for the disk. */
const BARS = { put: 1.5, get: 1.5, messages: 1 };

const unavailable = prepareElasticMq();
if (unavailable !== undefined) console.log(`ElasticMQ is left out: ${unavailable}`);
const CONTENDERS = [durable, inMemory, s3rver, ...(unavailable === undefined ? [elasticMq] : []), floor];
const OURS: readonly Contender[] = [durable, inMemory];
const STORES: readonly Contender[] = [...OURS, s3rver];
const SCENARIOS = [
  { name: 'put', title: `${PUTS} × PUT of 4 KB`, unit: 'PUT/s', rival: s3rver },
  { name: 'get', title: `${GETS} × GET of 1 MB`, unit: 'GET/s', rival: s3rver },
  { name: 'messages', title: `${MESSAGES} × send, receive, delete`, unit: 'messages/s', rival: elasticMq },
] as const;

interface Outcome extends Partial<Record<'put' | 'get' | 'messages', Figures>> {
  /** Megabytes after the warm-up and at the end. */
  readonly memory: readonly [start: number, end: number];
}

/** A contender in one round. */
interface Entry {
  readonly contender: Contender;
  readonly server: Running;
  readonly objects: Objects | undefined;
  readonly messages: ((count: number) => Promise<Load>) | undefined;
  readonly memoryBefore: number;
}

async function enter(contender: Contender): Promise<Entry> {
  const server = await contender.start();
  const { url, mnsUrl } = server;
  const messages = queueOf(contender, url, mnsUrl);
  const objects = STORES.includes(contender) ? await openObjects(server, 'measured') : undefined;
  await messages?.(WARM_UP);
  if (objects) {
    const warmUp = await openObjects(server, 'warm-up');
    await warmUp.put(WARM_UP);
    await warmUp.get(WARM_UP);
    warmUp.close();
  }
  return { contender, server, objects, messages, memoryBefore: await server.memory() };
}

function queueOf(contender: Contender, url: string, mnsUrl: string | undefined): Entry['messages'] {
  if (contender === floor) return (count) => measureFloor(url, count);
  if (contender === elasticMq) return (count) => measureElasticMq(url, count);
  return mnsUrl === undefined ? undefined : (count) => measureMessages(mnsUrl, count);
}

async function round(number: number): Promise<Map<Contender, Outcome>> {
  const entries: Entry[] = [];
  for (const contender of CONTENDERS) entries.push(await enter(contender));
  const puts = await inTurns(entries, 1, number, async ({ objects }) => {
    const done = await objects?.put(PUTS);
    if (done) await sleep(PAUSE_MS);
    return done;
  });
  const gets = await inTurns(entries, SLICES, number, async ({ objects }) => objects?.get(GETS / SLICES));
  const messages = await inTurns(entries, SLICES, number, async (entry) =>
    entry.messages?.(MESSAGES / SLICES),
  );
  const outcomes = new Map<Contender, Outcome>();
  for (const entry of entries) {
    const { contender, server, objects, memoryBefore } = entry;
    objects?.close();
    outcomes.set(contender, {
      put: figuresOf(puts.get(entry)!),
      get: figuresOf(gets.get(entry)!),
      messages: figuresOf(messages.get(entry)!),
      memory: [memoryBefore, await server.memory()],
    });
    await server.stop();
  }
  return outcomes;
}

/** Runs the slices of all entries in changing order, so that no entry always follows the same one. */
async function inTurns(
  entries: readonly Entry[],
  slices: number,
  offset: number,
  work: (entry: Entry) => Promise<Load | undefined>,
): Promise<Map<Entry, Load[]>> {
  const done = new Map<Entry, Load[]>(entries.map((entry) => [entry, []]));
  for (let slice = 0; slice < slices; slice++) {
    const first = (slice + offset) % entries.length;
    for (const entry of [...entries.slice(first), ...entries.slice(0, first)]) {
      const load = await work(entry);
      if (load) done.get(entry)!.push(load);
    }
  }
  return done;
}

const started = performance.now();
const rounds: Map<Contender, Outcome>[] = [];
const machine = describeMachine();
while (rounds.length < ROUNDS) {
  const elapsed = performance.now() - started;
  const another = (elapsed / Math.max(1, rounds.length)) * (rounds.length + 1);
  if (rounds.length >= MIN_ROUNDS && another > BUDGET_MS) break;
  rounds.push(await round(rounds.length));
  process.stderr.write(`round ${rounds.length} of ${ROUNDS}\n`);
}
const minutes = (performance.now() - started) / 60_000;
console.log(`${machine} at the start, ${rounds.length} rounds in ${minutes.toFixed(1)} minutes`);

for (const { name, title, unit, rival } of SCENARIOS) {
  console.log(`\n${title}, 8 clients; median (min–max)`);
  for (const contender of CONTENDERS) {
    const mine = rounds.flatMap((outcomes) => outcomes.get(contender)![name] ?? []);
    if (mine.length === 0) continue;
    const rates = mine.map(({ perSecond }) => perSecond);
    const ratios = rates.flatMap((rate, index) => {
      const other = rounds[index]!.get(rival)?.[name];
      return other ? [rate / other.perSecond] : [];
    });
    const p99s = mine.map(({ p99Ms }) => p99Ms);
    const cells = [
      contender.name.padEnd(18),
      `${spread(rates, 0)} ${unit}`.padEnd(32),
      `p99 ${spread(p99s, 1)} ms`.padEnd(28),
      contender === rival || ratios.length === 0 ? '' : `${spread(ratios, 2)} × ${rival.name}`,
    ];
    console.log(cells.join('  ').trimEnd());
    if (contender !== durable || ratios.length === 0 || median(ratios) >= BARS[name]) continue;
    console.error(`missed: ${median(ratios).toFixed(2)} × ${rival.name}, bar ${BARS[name]}`);
    process.exitCode = 1;
  }
}

console.log(`\nresident memory in MB, after the warm-up → at the end; bar for our growth ${MEMORY_BAR_MB}`);
for (const contender of CONTENDERS) {
  const memory = rounds.map((outcomes) => outcomes.get(contender)!.memory);
  const growth = memory.map(([start, end]) => end - start);
  const [before, after] = ([0, 1] as const).map((index) => memory.map((pair) => pair[index]));
  const figures = `${spread(before!, 0)} → ${spread(after!, 0)}, growth ${spread(growth, 0)}`;
  console.log(`${contender.name.padEnd(18)}  ${figures}`);
  if (OURS.includes(contender) && median(growth) > MEMORY_BAR_MB) {
    console.error(`${contender.name} grew by more than ${MEMORY_BAR_MB} MB`);
    process.exitCode = 1;
  }
}
