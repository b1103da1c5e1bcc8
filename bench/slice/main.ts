// All stages of an image, compared with a floor, and with another commit: `npm run bench:slice -- --against <commit>`.
//
// Each measurement has its own process. The sides take turns, so that a slow machine affects all of them. Compares
// processor time, which depends less on other programs than time on the clock. Prints ratios with their spread, and fails
// when a bar is missed or a run does not find exactly the expected faces.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type ColdStart, coldStart } from './cold-start.ts';
import { type Figures, measure } from './measure.ts';
import { otherCheckout } from './other-checkout.ts';
import { median, ms, spread } from './statistics.ts';

const { values: options } = parseArgs({
  options: { against: { type: 'string' }, rounds: { type: 'string', default: '5' } },
});
const rounds = Number(options.rounds);

/** Of this checkout alone. */
const BARS = { aboveFloor: 1.2, restMs: 30, coldStartMs: 800, memoryMb: 400 };
/** Of this checkout divided by the other commit. Set for commit 6d6304f, the first release of the local engine. */
const BARS_AGAINST = { processor: 0.55, imagesPerSecond: 1.9, oneFace: 0.55, group: 0.6 };

const missed: string[] = [];
const here = process.cwd();
const other = options.against ? await otherCheckout(options.against) : undefined;
const floor: Figures[] = [];
const slice: Figures[] = [];
const against: Figures[] = [];
const starts: ColdStart[] = [];
const startsAgainst: ColdStart[] = [];
try {
  for (let round = 0; round < rounds; round++) {
    starts.push(await coldStart(here));
    floor.push(await measure('floor', here));
    slice.push(await measure('slice', here));
    if (other) {
      startsAgainst.push(await coldStart(other.root));
      against.push(await measure('slice', other.root));
    }
  }
} finally {
  await other?.remove();
}

const processor = (runs: readonly Figures[]) => runs.map(({ processorMs, images }) => processorMs / images);
const rest = slice.map((run, i) => (run.processorMs - floor[i]!.processorMs) / run.images);

console.log(
  `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`,
);
console.log(`${slice[0]!.images} images per run, ${rounds} runs per side, four images in flight\n`);
line('floor, processor time per image', ms(processor(floor)));
line('all stages, processor time per image', ms(processor(slice)));
atMost('all stages ÷ floor, processor time', quotients(processor(slice), processor(floor)), BARS.aboveFloor);
atMost('all stages − floor, processor ms per image', rest, BARS.restMs, 0);
line('images per second', spread(slice.map(imagesPerSecond), 1));
line('one at a time: one face', ms(slice.map(({ oneFaceMs }) => oneFaceMs)));
line('one at a time: group (3 to 5 faces)', ms(slice.map(({ groupMs }) => groupMs)));
atMost(
  'cold start, processor ms to first result',
  starts.map(({ processorMs }) => processorMs),
  BARS.coldStartMs,
  0,
);
line('cold start, on the clock', ms(starts.map(({ elapsedMs }) => elapsedMs)));
atMost(
  'memory at its highest, MB',
  slice.map(({ memoryMb }) => memoryMb),
  BARS.memoryMb,
  0,
);

if (other) {
  console.log(`\nagainst ${options.against}`);
  const ratio = (value: (figures: Figures) => number) => quotients(slice.map(value), against.map(value));
  atMost(
    'processor time per image',
    ratio(({ processorMs }) => processorMs),
    BARS_AGAINST.processor,
  );
  atLeast('images per second', ratio(imagesPerSecond), BARS_AGAINST.imagesPerSecond);
  atMost(
    'one at a time: one face',
    ratio(({ oneFaceMs }) => oneFaceMs),
    BARS_AGAINST.oneFace,
  );
  atMost(
    'one at a time: group',
    ratio(({ groupMs }) => groupMs),
    BARS_AGAINST.group,
  );
  line(
    'memory at its highest',
    spread(
      ratio(({ memoryMb }) => memoryMb),
      2,
    ),
  );
  line(
    'cold start, processor time',
    spread(
      quotients(
        starts.map(({ processorMs }) => processorMs),
        startsAgainst.map(({ processorMs }) => processorMs),
      ),
      2,
    ),
  );
}
if (missed.length > 0) {
  console.error(`\nmissed: ${missed.join('; ')}`);
  process.exitCode = 1;
}

function imagesPerSecond({ images, totalMs }: Figures): number {
  return (1000 * images) / totalMs;
}

/** Round by round. */
function quotients(values: readonly number[], others: readonly number[]): number[] {
  return values.map((value, round) => value / others[round]!);
}

function line(name: string, value: string): void {
  console.log(`${name.padEnd(44)} ${value}`);
}

function atMost(name: string, values: readonly number[], bar: number, digits = 2): void {
  line(name, `${spread(values, digits)}   bar ≤ ${bar}`);
  if (!(median(values) <= bar)) missed.push(name);
}

function atLeast(name: string, values: readonly number[], bar: number): void {
  line(name, `${spread(values, 2)}   bar ≥ ${bar}`);
  if (!(median(values) >= bar)) missed.push(name);
}
