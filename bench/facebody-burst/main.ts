// A burst of uploads against FaceBody's quota, the whole way: upload, event, queue, poller, RecognizeFace and
// SearchFace, results. FaceBody is the local cloud's, which counts in real windows of one second and refuses excess.
//
// Run: npm run bench:burst [-- <uploads>]. It takes what the quota takes: 200 uploads some 105 and 160 seconds. Prints
// the time over the quota's floor, and fails when a check does not hold.
import { cpus, loadavg } from 'node:os';
import { type Burst, burst } from './burst.ts';

const UPLOADS = Number(process.argv[2] ?? 200);
/** The time may be so many times the floor. */
const BAR = 1.1;
/** Calls of one operation that a quota which drops may refuse: those that show it, and later tries of the old pace. */
const REFUSALS = 6;

console.log(
  `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}; ${UPLOADS} uploads at once`,
);

const steady = await burst({ uploads: UPLOADS, quota: 2 });
report('2 a second', steady, UPLOADS / 2);
check('no call was refused', refusedIn(steady) === 0);
check('no second had more calls than the quota', busiestOf(steady) <= 2);

const half = UPLOADS / 2;
const dropping = await burst({ uploads: UPLOADS, quota: 2, drop: { to: 1, after: half } });
report(`2 a second, 1 after ${half}`, dropping, half / 2 + (UPLOADS - half) / 1);
check(`at most ${REFUSALS} calls of an operation were refused`, refusedIn(dropping) <= REFUSALS);

function report(name: string, run: Burst, floor: number): void {
  console.log(`\n${name}`);
  console.log(`  seconds           ${run.seconds.toFixed(1)}, the quota's floor is ${floor}`);
  console.log(`  ÷ floor           ${(run.seconds / floor).toFixed(3)}   bar ${BAR}`);
  for (const [operation, { received, failed, busiestSecond }] of Object.entries(run.calls)) {
    console.log(
      `  ${operation.padEnd(17)} ${received} calls, ${failed.Throttling ?? 0} refused, ${busiestSecond} in the busiest second`,
    );
  }
  console.log(`  deliveries        ${run.deliveries} of ${UPLOADS} messages`);
  check('every upload is processed, with its face', run.processed === UPLOADS && run.faces === UPLOADS);
  check('every message came once', run.deliveries === UPLOADS);
  check('the time is within the bar', run.seconds <= BAR * floor);
}

function check(what: string, holds: boolean): void {
  console.log(`  ${holds ? 'holds' : 'FAILS'}             ${what}`);
  if (!holds) process.exitCode = 1;
}

function refusedIn({ calls }: Burst): number {
  return Math.max(...Object.values(calls).map(({ failed }) => failed.Throttling ?? 0));
}

function busiestOf({ calls }: Burst): number {
  return Math.max(...Object.values(calls).map(({ busiestSecond }) => busiestSecond));
}
