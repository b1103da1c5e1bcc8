// The whole way of one image against a bare loop of decoding and engine, on the same photos.
//
// Each measurement is a process of its own; the two sides take turns, so that a machine that slows down slows both.
// Prints ratios with their spread, and fails when a run did not find exactly the faces it must.
import { cpus, loadavg } from 'node:os';
import { coldStart } from './cold-start.ts';
import { type Figures, measure } from './measure.ts';
import { median, ms, spread } from './statistics.ts';

const ROUNDS = 5;
/** Of memory, 400 MB and what a thread of the engine takes, on two cores two. */
const BARS = { coldStartMs: 1500, oneFaceMs: 120, groupMs: 250, rssMb: 600, ratio: 1.1 };

console.log(
  `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`,
);

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
console.log(`\n${slice[0]!.images} images a run, ${ROUNDS} runs a side, four images in flight`);
console.log(`bare loop, ms an image                ${ms(perImage(bare))}`);
console.log(`whole way, ms an image                ${ms(perImage(slice))}`);
console.log(`images a second, whole way            ${(1000 / median(perImage(slice))).toFixed(1)}`);
console.log(`whole way ÷ bare loop                 ${spread(ratios, 2)}   bar ${BARS.ratio}`);

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
