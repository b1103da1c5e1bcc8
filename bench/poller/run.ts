/**
 * The poller beside its rivals. Each run has a fresh stub and a fresh contender, each in a process of its own;
 * contenders take turns, and each scenario says the median and range of its runs. Fails when a contender loses a
 * message or handles more at once than it may, and when ours misses its bars.
 *
 *     npm run bench:poller -- [--runs 5] [--scenario skew] [--contender ours]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { systemClock } from '../../shared/runtime/clock.ts';
import type { ContenderReport } from './contender.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import type { StubCounts } from './stub.ts';

const CONTENDERS = ['ours', 'refill', 'naive', 'sqs-consumer', 'squiss'];
const DELAY_MS = 2;
const LONGEST_MS = 180_000;

interface Result {
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    scenario: { type: 'string' },
    contender: { type: 'string' },
  },
});
const contenders = CONTENDERS.filter((name) => !values.contender || name === values.contender);
const scenarios = SCENARIOS.filter(({ name }) => !values.scenario || name === values.scenario);

// What runs is what ships: plain JavaScript, not TypeScript behind a loader.
await build({
  entryPoints: ['stub.ts', 'contender.ts', 'contenders/*'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.10',
  packages: 'external',
  logLevel: 'error',
});

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${DELAY_MS} ms a request`);
let failed = false;
for (const scenario of scenarios) {
  const runs = scenario.course === 'finish' ? Number(values.runs) : 1;
  const results = new Map<string, Result[]>(contenders.map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const name of contenders) results.get(name)!.push(await compete(name, scenario));
  }
  console.log(`\n${scenario.name}: ${scenario.about}; load ${loadavg()[0]!.toFixed(1)}`);
  for (const [name, each] of results) {
    console.log(`  ${name.padEnd(13)}${describe(each)}`);
    const faults = [
      ...each.flatMap((result) => result.faults),
      ...(name === 'ours' ? missedBars(scenario, each) : []),
    ];
    for (const fault of new Set(faults)) console.log(`  ${''.padEnd(13)}✗ ${fault}`);
    // A rival's fault is a finding; ours is a failure.
    if (name === 'ours' && faults.length > 0) failed = true;
  }
}
process.exitCode = failed ? 1 : 0;

async function compete(name: string, scenario: Scenario): Promise<Result> {
  const stub = fork(
    'dist/stub.js',
    [scenario.messages, scenario.visibilitySeconds * 1000, DELAY_MS].map(String),
  );
  const { url } = (await message(stub)) as { url: string };
  const ask = async (command = 'counts') =>
    (await (await fetch(`${url}/control/${command}`)).json()) as StubCounts;
  try {
    if (scenario.course === 'idle') return await idle(start(name, url, scenario), ask);
    if (scenario.course === 'down') return await outage(name, url, scenario, ask);
    if (scenario.course === 'stop') return await interrupted(name, url, scenario, ask);
    return await finished(start(name, url, scenario), scenario, ask);
  } finally {
    stub.disconnect();
  }
}

type Ask = (command?: string) => Promise<StubCounts>;

function start(name: string, url: string, scenario: Scenario): ChildProcess {
  // The AWS SDK warns about the Node version at every start.
  return fork('dist/contender.js', [name, url, scenario.name], {
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
}

async function finished(child: ChildProcess, scenario: Scenario, ask: Ask): Promise<Result> {
  const counts = await allDeleted(scenario, ask);
  const report = await tell(child, 'report');
  child.kill('SIGKILL');
  return {
    figures: {
      'msg/s': (scenario.messages / counts.elapsedMs) * 1000,
      'µs CPU/msg': (report.cpuMs * 1000) / scenario.messages,
      receives: counts.receives,
      deletes: counts.deletes,
      duplicates: report.handled - scenario.messages,
    },
    faults: check(scenario, counts, report),
  };
}

async function interrupted(name: string, url: string, scenario: Scenario, ask: Ask): Promise<Result> {
  const first = start(name, url, scenario);
  while ((await ask()).receives === 0) await systemClock.sleep(20);
  await systemClock.sleep(1000);
  const from = performance.now();
  const before = await tell(first, 'stop');
  const stopMs = performance.now() - from;
  const { hidden } = await ask();
  const second = start(name, url, scenario);
  const counts = await allDeleted(scenario, ask);
  const after = await tell(second, 'report');
  second.kill('SIGKILL');
  const handled = before.handled + after.handled;
  return {
    figures: { 'ms to stop': stopMs, 'left hidden': hidden, duplicates: handled - scenario.messages },
    faults: check(scenario, counts, before),
  };
}

async function outage(name: string, url: string, scenario: Scenario, ask: Ask): Promise<Result> {
  await ask('down');
  const child = start(name, url, scenario);
  while ((await ask()).refused === 0) await systemClock.sleep(20);
  await systemClock.sleep(5000);
  const { refused } = await ask('up');
  const upAt = Date.now();
  const counts = await allDeleted(scenario, ask);
  const report = await tell(child, 'report');
  child.kill('SIGKILL');
  return {
    figures: {
      'failed requests': refused,
      'ms to first message': report.firstHandledAt - upAt,
      'ms CPU': report.cpuMs,
    },
    faults: check(scenario, counts, report),
  };
}

async function idle(child: ChildProcess, ask: Ask): Promise<Result> {
  while ((await ask()).receives === 0) await systemClock.sleep(20);
  const before = await tell(child, 'report');
  await systemClock.sleep(60_000);
  const { receives, others } = await ask();
  const after = await tell(child, 'report');
  child.kill('SIGKILL');
  return { figures: { requests: receives + others, 'ms CPU': after.cpuMs - before.cpuMs }, faults: [] };
}

async function allDeleted(scenario: Scenario, ask: Ask): Promise<StubCounts> {
  const until = Date.now() + LONGEST_MS;
  for (;;) {
    const counts = await ask();
    if (counts.deleted >= scenario.messages || Date.now() > until) return counts;
    await systemClock.sleep(50);
  }
}

function check(
  scenario: Scenario,
  { deleted, visible, hidden }: StubCounts,
  report: ContenderReport,
): string[] {
  const faults: string[] = [];
  if (deleted !== scenario.messages) faults.push(`${deleted} of ${scenario.messages} acknowledged`);
  if (visible + hidden > 0) faults.push(`${visible + hidden} messages left`);
  if (report.peak > scenario.concurrency)
    faults.push(`${report.peak} at once, ${scenario.concurrency} allowed`);
  return faults;
}

/** The bars that ours must clear on any machine; comparisons are read from the table. */
function missedBars({ name, messages, workMs, concurrency }: Scenario, results: readonly Result[]): string[] {
  const median = (figure: string) => middle(results.map(({ figures }) => figures[figure]!));
  if (name === 'skew') {
    const ideal = idealRate(messages, concurrency, workMs);
    const missed = [];
    if (median('msg/s') < 0.95 * ideal) missed.push(`less than 95 % of ${ideal.toFixed(0)} msg/s`);
    if (median('receives') >= 300) missed.push('300 receives or more');
    return missed;
  }
  if (name === 'down' && median('failed requests') > 10) return ['more than 10 failed requests in 5 s'];
  if (name === 'idle' && median('requests') > 3) return ['more than 3 requests in 60 s'];
  if (name === 'long' && median('duplicates') > 0) return ['duplicates though visibility is renewed'];
  if (name === 'stop' && median('duplicates') > 0) return ['duplicates after a clean stop'];
  return [];
}

/** Messages a second of handlers that are never idle while a message is left, taken in order. */
function idealRate(messages: number, concurrency: number, workMs: (index: number) => number): number {
  const freeAt = new Array<number>(concurrency).fill(0);
  for (let index = 0; index < messages; index++) {
    const next = freeAt.indexOf(Math.min(...freeAt));
    freeAt[next]! += workMs(index);
  }
  return (messages / Math.max(...freeAt)) * 1000;
}

function describe(results: readonly Result[]): string {
  const names = Object.keys(results[0]!.figures);
  return names
    .map((name) => {
      const figures = results.map((result) => result.figures[name]!);
      const range =
        figures.length > 1 ? ` (${round(Math.min(...figures))}–${round(Math.max(...figures))})` : '';
      return `${round(middle(figures))}${range} ${name}`;
    })
    .join(', ');
}

function middle(figures: readonly number[]): number {
  return [...figures].sort((left, right) => left - right)[Math.floor(figures.length / 2)]!;
}

function round(figure: number): string {
  return figure.toFixed(0);
}

async function tell(child: ChildProcess, command: 'report' | 'stop'): Promise<ContenderReport> {
  child.send(command);
  return (await message(child)) as ContenderReport;
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`)));
  });
}
