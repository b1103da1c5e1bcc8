/**
 * Compares the poller with its rivals. Each run has a new stub and a new contender, each in its own process.
 * Contenders take turns, or run in parallel where they only wait. Each scenario prints the median and range
 * of its runs. Takes about 20 minutes. Fails when ours loses a message, handles too many at once, or misses a bar.
 *
 *     npm run bench:poller -- [--runs 5] [--scenario skew] [--contender ours]
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { describeMachine } from '../machine.ts';
import { spread } from '../slice/statistics.ts';
import { missedBars } from './bars.ts';
import { buildPrograms } from './build.ts';
import { compete, DELAY_MS, type Result } from './compete.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

const CONTENDERS = ['ours', 'refill', 'naive', 'sqs-consumer', 'squiss'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    scenario: { type: 'string' },
    contender: { type: 'string' },
  },
});
const runs = Number(values.runs);
const contenders = CONTENDERS.filter((name) => !values.contender || name === values.contender);
const scenarios = SCENARIOS.filter(({ name }) => !values.scenario || name === values.scenario);
if (!(runs >= 1) || contenders.length === 0 || scenarios.length === 0) {
  throw new Error(
    `--runs from 1; --contender of ${CONTENDERS.join(', ')}; --scenario of ${SCENARIOS.map(({ name }) => name).join(', ')}`,
  );
}

await buildPrograms();
console.log(`${describeMachine()}, ${DELAY_MS} ms per request, median (min–max) of ${runs}`);
const startedAt = performance.now();
for (const scenario of scenarios) {
  const results = new Map<string, Result[]>(contenders.map((name) => [name, []]));
  const each = Array.from({ length: runs }, (_, index) => () => competeAll(scenario, index + 1, results));
  if (scenario.sideBySide === 'everything') await Promise.all(each.map((run) => run()));
  else for (const run of each) await run();
  console.log(`\n${scenario.name}: ${scenario.about}; load ${loadavg()[0]!.toFixed(1)}`);
  for (const [name, each] of results) {
    console.log(`  ${name.padEnd(13)}${describe(each)}`);
    for (const fault of new Set(each.flatMap(({ faults }) => faults))) say(name, fault);
  }
  if (results.has('ours')) for (const missed of missedBars(scenario, results)) say('ours', missed);
}

async function competeAll(scenario: Scenario, run: number, results: Map<string, Result[]>): Promise<void> {
  const competeOne = async (name: string) => {
    results.get(name)!.push(await compete(name, scenario));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    process.stderr.write(`${seconds.padStart(5)} s  ${scenario.name} ${run}/${runs}: ${name}\n`);
  };
  if (scenario.sideBySide) await Promise.all(contenders.map(competeOne));
  else for (const name of contenders) await competeOne(name);
}

/** Prints a failed check. Only our own makes the benchmark fail. */
function say(name: string, fault: string): void {
  console.log(`  ${name.padEnd(13)}✗ ${fault}`);
  if (name === 'ours') process.exitCode = 1;
}

function describe(results: readonly Result[]): string {
  return Object.keys(results[0]!.figures)
    .map((figure) => {
      const values = results.map(({ figures }) => figures[figure]!);
      return `${spread(values, 0)} ${figure}`;
    })
    .join(', ');
}
