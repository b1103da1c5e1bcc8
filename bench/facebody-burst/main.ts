// A burst of uploads against FaceBody's quota, through all stages: upload, event, queue, poller, RecognizeFace and
// SearchFace, results. FaceBody is the local cloud's, which throttles in windows of one second.
//
// Run: npm run bench:burst [-- <uploads>]. The quota determines the time: about 105 and 160 seconds for 200 uploads.
// Prints the time divided by the minimum of the quota, and fails when a check fails.
import { describeMachine } from '../machine.ts';
import { type Burst, burst } from './burst.ts';

const UPLOADS = Number(process.argv[2] ?? 200);
/** Maximum time divided by the minimum of the quota. */
const BAR = 1.1;
/** Maximum number of throttled calls per operation after a lower quota: the first ones, and attempts at the old rate. */
const MAX_THROTTLED = 6;

console.log(`${describeMachine()}; ${UPLOADS} uploads at once`);

const steady = await burst({ uploads: UPLOADS, quota: 2 });
report('2 per second', steady, UPLOADS / 2);
check('no call was throttled', throttledIn(steady) === 0);
check('no second had more calls than the quota', busiestOf(steady) <= 2);

const half = UPLOADS / 2;
const dropping = await burst({ uploads: UPLOADS, quota: 2, drop: { to: 1, after: half } });
report(`2 per second, 1 after ${half} uploads`, dropping, half / 2 + (UPLOADS - half) / 1);
check(`at most ${MAX_THROTTLED} calls per operation were throttled`, throttledIn(dropping) <= MAX_THROTTLED);

function report(name: string, run: Burst, floor: number): void {
  console.log(`\n${name}`);
  console.log(`  seconds           ${run.seconds.toFixed(1)}, minimum of the quota ${floor}`);
  console.log(`  ÷ minimum         ${(run.seconds / floor).toFixed(3)}   bar ${BAR}`);
  for (const [operation, { received, failed, busiestSecond }] of Object.entries(run.calls)) {
    console.log(
      `  ${operation.padEnd(17)} ${received} calls, ${failed.Throttling ?? 0} throttled, ${busiestSecond} in the busiest second`,
    );
  }
  console.log(`  deliveries        ${run.deliveries} of ${UPLOADS} messages`);
  check('every upload is processed, with one face', run.processed === UPLOADS && run.faces === UPLOADS);
  check('every message was received once', run.deliveries === UPLOADS);
  check('the time is below the bar', run.seconds <= BAR * floor);
}

function check(what: string, holds: boolean): void {
  console.log(`  ${(holds ? 'ok' : 'FAILED').padEnd(17)} ${what}`);
  if (!holds) process.exitCode = 1;
}

function throttledIn({ calls }: Burst): number {
  return Math.max(...Object.values(calls).map(({ failed }) => failed.Throttling ?? 0));
}

function busiestOf({ calls }: Burst): number {
  return Math.max(...Object.values(calls).map(({ busiestSecond }) => busiestSecond));
}
