// Groups of faces against labels, beside two customary rules, and the scale of the index of faces.
// Run: npm run bench:people -- --labels <file> --photos <folder> [--labels … --photos …] [--scale 1000,10000,100000] [--quick]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HIGH_SIMILARITY, MATCH_SIMILARITY } from '../../shared/faces/similarity.ts';
import { groupThreshold } from '../../shared/people/people.ts';
import { questionBars } from '../../shared/people/questions.ts';
import { seededRandom } from '../../shared/runtime/random.ts';
import { describeMachine } from '../machine.ts';
import {
  type Agreement,
  agreement,
  answerQuestions,
  densityRule,
  goodFacesRule,
  regroupMs,
  seenFaces,
} from './groups.ts';
import { type LabelledFace, labelledFaces } from './labelled-faces.ts';
import { measureScale } from './scale.ts';

const { values } = parseArgs({
  options: {
    labels: { type: 'string', multiple: true, default: [] },
    photos: { type: 'string', multiple: true, default: [] },
    cache: { type: 'string', default: 'node_modules/.cache/bench-people' },
    scale: { type: 'string', default: '1000,10000,100000' },
    regroup: { type: 'string', default: '50000' },
  },
});

const ANSWERS = 10;
const SEEDS = [1, 2, 3];
/** Bars of the labelled sets. */
const BARS = { mixed: 0.97, eastAsian: 0.93, answered: 0.99 };
/** Milliseconds by the number of faces. */
const SEARCH_BARS: Readonly<Record<number, number>> = { 100000: 10, 1000000: 40 };
const PUT_BAR_MS = 5;
const RECALL_BAR = 0.995;
const REGROUP_BAR_MS = 5000;
const MEMORY_BAR_MB: Readonly<Record<number, number>> = { 1000000: 700 };

const thresholds = { match: MATCH_SIMILARITY, high: HIGH_SIMILARITY };
const bars = { threshold: groupThreshold(thresholds), ...questionBars(thresholds) };
const missed: string[] = [];

function check(what: string, holds: boolean): void {
  if (!holds) missed.push(what);
}

function row(name: string, { f1, precision, recall, mixed, groups }: Agreement): void {
  const share = (value: number) => value.toFixed(4);
  console.log(
    `${name.padEnd(34)} F1 ${share(f1)}  precision ${share(precision)}  recall ${share(recall)}  mixed ${mixed}  groups ${groups}`,
  );
}

function judge(name: string, faces: readonly LabelledFace[], bar: number): void {
  const people = new Set(faces.map(({ person }) => person)).size;
  console.log(`\n${name}: ${faces.length} faces of ${people} people`);
  for (const seed of SEEDS) {
    const results = answerQuestions(seenFaces(faces, seed), ANSWERS, bars);
    const [before, after] = [results[0]!, results.at(-1)!];
    row(`ours, order ${seed}`, before);
    row(`ours, after ${results.length - 1} answers`, after);
    check(`${name}, order ${seed}: F1 ${before.f1.toFixed(4)}, wanted ${bar}`, before.f1 >= bar);
    check(
      `${name}, order ${seed}: ${before.mixed} groups of five and more with two people`,
      before.mixed === 0,
    );
    check(
      `${name}, order ${seed}: F1 ${after.f1.toFixed(4)} after ${ANSWERS} answers, wanted ${BARS.answered}`,
      after.f1 >= BARS.answered,
    );
  }
  for (const distance of [0.5, 0.6, 0.7]) {
    row(`density rule, distance ${distance}`, agreement(densityRule(faces, 1 - distance)));
  }
  row('good faces rule, distance 0.5', agreement(goodFacesRule(faces, 0.5)));
}

console.log(describeMachine());
const all: LabelledFace[] = [];
for (const [i, labels] of values.labels.entries()) {
  const folder = values.photos[i] ?? join(labels, '..');
  all.push(...(await labelledFaces(labels, folder, values.cache)).filter(({ matchable }) => matchable));
}
if (all.length > 0) {
  judge('mixed', all, BARS.mixed);
  const eastAsian = all.filter(({ group }) => group === undefined || group === 'ea');
  judge('East Asian', eastAsian, BARS.eastAsian);
}

/** Without labelled photos, random directions. */
const random = seededRandom(1);
const seeds =
  all.length > 0
    ? all.map(({ embedding }) => embedding)
    : Array.from({ length: 400 }, () => {
        const vector = Float32Array.from({ length: 512 }, () => random() - 0.5);
        const norm = Math.hypot(...vector);
        return vector.map((value) => value / norm);
      });
console.log('\nfaces     put ms   search ms  blocked ms  recall   MB');
for (const faces of values.scale.split(',').filter(Boolean).map(Number)) {
  const { put, search, blocked, recall, megabytes } = await measureScale(faces, seeds);
  console.log(
    [
      String(faces).padEnd(9),
      put.toFixed(2),
      search.toFixed(2),
      blocked.toFixed(0),
      recall.toFixed(4),
      megabytes.toFixed(0),
    ].join('  '),
  );
  check(`${faces}: one more face in ${put.toFixed(2)} ms, wanted ${PUT_BAR_MS}`, put <= PUT_BAR_MS);
  check(`${faces}: recall ${recall.toFixed(4)}, wanted ${RECALL_BAR}`, recall >= RECALL_BAR);
  const searchBar = SEARCH_BARS[faces];
  if (searchBar)
    check(`${faces}: search in ${search.toFixed(1)} ms, wanted ${searchBar}`, search <= searchBar);
  const memoryBar = MEMORY_BAR_MB[faces];
  if (memoryBar) check(`${faces}: ${megabytes.toFixed(0)} MB, wanted ${memoryBar}`, megabytes <= memoryBar);
}

const regrouped = Number(values.regroup);
if (regrouped > 0) {
  const { wall, cpu } = await regroupMs(regrouped, seeds);
  console.log(`\nregroup ${regrouped} faces: ${wall.toFixed(0)} ms, processor ${cpu.toFixed(0)} ms`);
  check(`regroup in ${wall.toFixed(0)} ms, wanted ${REGROUP_BAR_MS}`, wall <= REGROUP_BAR_MS);
}

for (const bar of missed) console.log(`MISSED ${bar}`);
if (missed.length > 0) process.exitCode = 1;
