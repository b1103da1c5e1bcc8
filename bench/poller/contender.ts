/**
 * Runs one contender against a stub, in its own process, and answers `report` and `stop` of its parent.
 *
 *     node dist/contender.js <name> <url> <scenario>
 */
import { systemClock } from '../../shared/runtime/clock.ts';
import { SCENARIOS, SHARED } from './scenarios.ts';

export interface Settings {
  readonly url: string;
  readonly concurrency: number;
  /** Visibility timeout of the queue, in seconds. */
  readonly visibilitySeconds: number;
  /** Rejects when the message must be repeated. */
  readonly handle: (body: string) => Promise<void>;
}

export interface Running {
  /** Resolves when no message is being handled. */
  stop(): Promise<void>;
}

export interface ContenderReport {
  readonly cpuMs: number;
  readonly peak: number;
  readonly handled: number;
  readonly distinct: number;
  readonly firstHandledAt: number;
}

const [name, url, scenarioName] = process.argv.slice(2) as [string, string, string];
const scenario = [...SCENARIOS, SHARED].find((each) => each.name === scenarioName)!;
const contender = (await import(new URL(`contenders/${name}.js`, import.meta.url).href)) as {
  start(settings: Settings): Running;
};

let running = 0;
let peak = 0;
let handled = 0;
let firstHandledAt = 0;
const seen = new Set<number>();

async function handle(body: string): Promise<void> {
  const { index } = JSON.parse(body) as { index: number };
  const isFirst = !seen.has(index);
  seen.add(index);
  handled++;
  if (handled === scenario.warmUp) before = process.cpuUsage();
  firstHandledAt ||= Date.now();
  peak = Math.max(peak, ++running);
  try {
    const ms = scenario.workMs(index);
    if (ms > 0) await systemClock.sleep(ms);
    if (isFirst && scenario.fails?.(index)) throw new Error('fails once');
  } finally {
    running--;
  }
}

let before = process.cpuUsage();
const program = contender.start({
  url,
  concurrency: scenario.concurrency,
  visibilitySeconds: scenario.visibilitySeconds,
  handle,
});

process.on('message', async (command) => {
  if (command === 'stop') await program.stop();
  const { user, system } = process.cpuUsage(before);
  const report: ContenderReport = {
    cpuMs: (user + system) / 1000,
    peak,
    handled,
    distinct: seen.size,
    firstHandledAt,
  };
  process.send!(report, undefined, undefined, () => {
    if (command === 'stop') process.exit();
  });
});
process.on('disconnect', () => process.exit());
