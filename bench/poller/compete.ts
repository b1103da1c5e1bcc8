/** One run of one contender in one scenario: a new stub and a new contender, each in its own process. */
import { type ChildProcess, fork } from 'node:child_process';
import { systemClock } from '../../shared/runtime/clock.ts';
import { messageOf } from '../child.ts';
import type { ContenderReport } from './contender.ts';
import type { Scenario } from './scenarios.ts';
import type { StubCounts } from './stub.ts';

export interface Result {
  readonly figures: Readonly<Record<string, number>>;
  /** Failed checks: messages lost or left, or too many at once. */
  readonly faults: readonly string[];
}

/** Milliseconds that the stub waits per request. */
export const DELAY_MS = 2;
const IDLE_MS = 60_000;
const DOWN_MS = 5_000;

type Ask = (command?: string) => Promise<StubCounts>;

export async function compete(name: string, scenario: Scenario): Promise<Result> {
  const stub = await startStub(scenario);
  try {
    return await COURSES[scenario.course](() => start(name, stub.url, scenario.name), scenario, stub.ask);
  } finally {
    stub.end();
  }
}

export interface Stub {
  readonly url: string;
  readonly ask: Ask;
  end(): void;
}

export async function startStub({ messages, visibilitySeconds }: Scenario): Promise<Stub> {
  const child = fork('dist/stub.js', [messages, visibilitySeconds * 1000, DELAY_MS].map(String));
  const { url } = (await messageOf(child)) as { url: string };
  return {
    url,
    ask: async (command = 'counts') =>
      (await (await fetch(`${url}/control/${command}`)).json()) as StubCounts,
    end: () => child.disconnect(),
  };
}

const COURSES: Record<
  Scenario['course'],
  (begin: () => ChildProcess, scenario: Scenario, ask: Ask) => Promise<Result>
> = {
  async finish(begin, scenario, ask) {
    const child = begin();
    const counts = await allDeleted(scenario, ask);
    const report = await tell(child, 'report');
    child.kill('SIGKILL');
    return {
      figures: {
        'msg/s': counts.deleted === 0 ? 0 : (counts.deleted / counts.elapsedMs) * 1000,
        'µs CPU/msg': (report.cpuMs * 1000) / (scenario.messages - scenario.warmUp),
        receives: counts.receives,
        deletes: counts.deletes,
        'repeated tries': report.handled - scenario.messages,
      },
      faults: [...check(scenario, counts, report), ...unseen(scenario, report)],
    };
  },

  async stop(begin, scenario, ask) {
    const first = begin();
    while ((await ask()).receives === 0) await systemClock.sleep(20);
    await systemClock.sleep(1000);
    const from = performance.now();
    const before = await tell(first, 'stop');
    const stopMs = performance.now() - from;
    // MNS hides a message for at least a second, even when the poller returns it.
    await systemClock.sleep(1100);
    const { hidden } = await ask();
    const second = begin();
    const counts = await allDeleted(scenario, ask);
    const after = await tell(second, 'report');
    second.kill('SIGKILL');
    const handled = before.handled + after.handled;
    return {
      figures: { 'ms to stop': stopMs, 'left hidden': hidden, 'repeated tries': handled - scenario.messages },
      faults: [...check(scenario, counts, before), ...check(scenario, counts, after)],
    };
  },

  async down(begin, scenario, ask) {
    await ask('down');
    const child = begin();
    while ((await ask()).refused === 0) await systemClock.sleep(20);
    await systemClock.sleep(DOWN_MS);
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
      faults: [...check(scenario, counts, report), ...unseen(scenario, report)],
    };
  },

  async idle(begin, scenario, ask) {
    const child = begin();
    while ((await ask()).receives === 0) await systemClock.sleep(20);
    const before = await tell(child, 'report');
    await systemClock.sleep(IDLE_MS);
    const counts = await ask();
    const after = await tell(child, 'report');
    child.kill('SIGKILL');
    return {
      figures: { requests: counts.receives + counts.others, 'ms CPU': after.cpuMs - before.cpuMs },
      faults: [...check(scenario, counts, after), ...unseen(scenario, after)],
    };
  },
};

export function start(name: string, url: string, scenario: string): ChildProcess {
  // Without warnings: the AWS SDK warns about the Node version at every start.
  return fork('dist/contender.js', [name, url, scenario], { env: { ...process.env, NODE_NO_WARNINGS: '1' } });
}

export async function allDeleted(
  scenario: Scenario,
  ask: Ask,
  onProgress: (counts: StubCounts) => void = () => {},
): Promise<StubCounts> {
  const until = Date.now() + scenario.limitSeconds * 1000;
  for (;;) {
    const counts = await ask();
    onProgress(counts);
    if (counts.deleted >= scenario.messages || Date.now() > until) return counts;
    await systemClock.sleep(50);
  }
}

export function check(
  { messages, concurrency }: Scenario,
  { deleted, visible, hidden }: StubCounts,
  { peak }: ContenderReport,
): string[] {
  const faults: string[] = [];
  if (deleted !== messages) faults.push(`${deleted} of ${messages} acknowledged`);
  if (visible + hidden > 0) faults.push(`${visible + hidden} messages left`);
  if (peak > concurrency) faults.push(`${peak} at once, ${concurrency} allowed`);
  return faults;
}

/** A single contender must have handled every message. */
function unseen({ messages }: Scenario, { distinct }: ContenderReport): string[] {
  return distinct === messages ? [] : [`${distinct} of ${messages} handled`];
}

export async function tell(child: ChildProcess, command: 'report' | 'stop'): Promise<ContenderReport> {
  child.send(command);
  return (await messageOf(child)) as ContenderReport;
}
