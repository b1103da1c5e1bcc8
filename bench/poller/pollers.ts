/**
 * One, two and four pollers, each in its own process, on one queue with 100,000 messages: throughput, compared with
 * a single poller, and the number of messages that were handled twice. Fails when a message is not
 * acknowledged or is handled twice, or when a poller handles too many at once.
 *
 *     npm run bench:pollers -- [--messages 100000]
 */
import type { ChildProcess } from 'node:child_process';
import { parseArgs } from 'node:util';
import { describeMachine } from '../machine.ts';
import { buildPrograms } from './build.ts';
import { allDeleted, check, DELAY_MS, start, startStub, tell } from './compete.ts';
import { SHARED } from './scenarios.ts';

const POLLERS = [1, 2, 4];
/** Messages per line of progress. */
const STEP = 20_000;

const { values } = parseArgs({
  options: { messages: { type: 'string', default: String(SHARED.messages) } },
});
const scenario = { ...SHARED, messages: Number(values.messages) };
if (!(scenario.messages >= 1)) throw new Error('--messages from 1');

await buildPrograms();
console.log(`${describeMachine()}, ${DELAY_MS} ms per request`);
console.log(`${scenario.messages} messages, ${scenario.about}, ${scenario.concurrency} at once per poller\n`);
let alone = 0;
for (const pollers of POLLERS) {
  const { rate, cpuMs, shares, duplicates, faults } = await share(pollers);
  alone ||= rate;
  const figures = [
    `${rate.toFixed(0)} msg/s`,
    `${(rate / alone).toFixed(2)} × one poller`,
    `${((cpuMs * 1000) / scenario.messages).toFixed(0)} µs CPU/msg`,
    `${duplicates} duplicates`,
    `shares ${shares.map((part) => `${(part * 100).toFixed(0)} %`).join(' ')}`,
  ];
  console.log(`${pollers} ${pollers === 1 ? 'poller ' : 'pollers'}  ${figures.join(', ')}`);
  for (const fault of faults) console.log(`           ✗ ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}

async function share(pollers: number) {
  const stub = await startStub(scenario);
  const children: ChildProcess[] = Array.from({ length: pollers }, () =>
    start('ours', stub.url, scenario.name),
  );
  let told = 0;
  const counts = await allDeleted(scenario, stub.ask, ({ deleted }) => {
    if (deleted < told + STEP) return;
    told = deleted;
    process.stderr.write(`${pollers} × poller: ${deleted} of ${scenario.messages}\n`);
  });
  const reports = await Promise.all(children.map((child) => tell(child, 'report')));
  for (const child of children) child.kill('SIGKILL');
  stub.end();
  const handled = reports.reduce((sum, report) => sum + report.handled, 0);
  const duplicates = handled - scenario.messages;
  return {
    rate: (counts.deleted / counts.elapsedMs) * 1000,
    cpuMs: reports.reduce((sum, report) => sum + report.cpuMs, 0),
    shares: reports.map((report) => report.handled / handled),
    duplicates,
    faults: [
      ...new Set(reports.flatMap((report) => check(scenario, counts, report))),
      ...(duplicates === 0 ? [] : [`${duplicates} handled twice`]),
    ],
  };
}
