// All stages of an image, compared with a bare loop of decoding and engine, on the same photos.
//
// Each measurement has its own process. The two sides take turns, so that a slow machine affects both.
// Prints ratios with their spread, and fails when a run does not find exactly the expected faces.
import { describeMachine } from '../machine.ts';
import { coldStart } from './cold-start.ts';
import { type Figures, measure } from './measure.ts';
import { median, ms, spread } from './statistics.ts';

const ROUNDS = 5;
/** Memory: 400 MB plus two threads of the engine, on two cores. */
const BARS = { coldStartMs: 1500, oneFaceMs: 120, groupMs: 250, rssMb: 600, ratio: 1.1 };

console.log(describeMachine());

const starts: number[] = [];
for (let round = 0; round < ROUNDS; round++) starts.push(await coldStart());
console.log(`\ncold start, process to first result   ${ms(starts)}   bar ${BARS.coldStartMs} ms`);

const bare: Figures[] = [];
const slice: Figures[] = [];
for (let round = 0; round < ROUNDS; round++) {
  bare.push(await measure('bare'));
  slice.push(await measure('slice'));
}

const perImage = (runs: Figures[]) => runs.map(({ totalMs, images }) => totalMs / images);
const ratios = slice.map((run, round) => run.totalMs / bare[round]!.totalMs);
console.log(`\n${slice[0]!.images} images per run, ${ROUNDS} runs per side, four images in flight`);
console.log(`bare loop, ms per image               ${ms(perImage(bare))}`);
console.log(`all stages, ms per image              ${ms(perImage(slice))}`);
console.log(`images per second, all stages         ${(1000 / median(perImage(slice))).toFixed(1)}`);
console.log(`all stages ÷ bare loop                ${spread(ratios, 2)}   bar ${BARS.ratio}`);

console.log('\nstage, ms, median of all images, in the last run');
for (const [stage, durations] of Object.entries(slice.at(-1)!.stages)) {
  console.log(`  ${stage.padEnd(10)} ${median(durations).toFixed(0).padStart(5)}`);
}

console.log(
  `\none at a time: one face               ${ms(slice.map((run) => run.oneFaceMs))}   bar ${BARS.oneFaceMs} ms`,
);
console.log(
  `one at a time: group (3 to 5 faces)   ${ms(slice.map((run) => run.groupMs))}   bar ${BARS.groupMs} ms`,
);
console.log(
  `resident memory at its highest, MB    ${spread(
    slice.map((run) => run.rssMb),
    0,
  )}   bar ${BARS.rssMb} MB`,
);
