import type { Thresholds } from '../../shared/faces/gallery/gallery.ts';
import type { Attributes } from './attributes.ts';
import type { Detection, Findings } from './detection.ts';
import type { Harmed } from './harm.ts';
import type { Processes, Speed } from './speed.ts';
import { describeShare, percent, quantile } from './statistics.ts';
import type { Pairs, Verification } from './verification.ts';

interface Accuracy {
  readonly detection: Detection;
  readonly verification: Verification;
  readonly attributes: Attributes;
  readonly findings: Findings;
  readonly empty: Findings;
  readonly pairs: Pairs;
  readonly thresholds: Thresholds;
}

export function printAccuracy(embedder: string, accuracy: Accuracy): void {
  const { detection, verification, attributes, pairs, thresholds } = accuracy;
  const { match, high } = verification;
  console.log(`\n## ${embedder}\n`);
  table(
    ['what', 'measured'],
    [
      ['clear faces found', describeShare(detection.clear)],
      ['hard faces found', describeShare(detection.hard)],
      ['real faces among the found ones', describeShare(detection.precision)],
      ['pictures without a face in which one was found', describeShare(detection.deceived)],
      ['gender right, clear faces', describeShare(attributes.gender)],
      ['gender right, hard faces', describeShare(attributes.genderOfHard)],
      ['expression right, happy or neutral', describeShare(attributes.expression)],
      [
        'age, mean difference to the label',
        `${attributes.age.error.toFixed(1)} years (bias ${attributes.age.bias.toFixed(1)}; ${attributes.age.faces} faces)`,
      ],
      ['equal error rate', percent(verification.equalErrorRate, 2)],
      [
        'pairs of one person that pass where 0.1 % of strangers do',
        `${describeShare(verification.truePositives)}, above ${verification.thresholdOfThousandth.toFixed(3)}`,
      ],
      ...(
        [
          ['match', thresholds.match, match],
          ['high', thresholds.high, high],
        ] as const
      ).flatMap(([level, threshold, passed]) => [
        [`strangers that pass ${threshold} (${level})`, describeShare(passed.strangers, 2)],
        ['of these, strangers in one photo', describeShare(passed.together, 2)],
        [`pairs of one person that pass ${threshold} (${level})`, describeShare(passed.genuine)],
      ]),
    ],
  );
  console.log(`\n${pairs.faces} faces of ${pairs.people} people were compared. The most similar strangers:`);
  for (const { similarity, names } of pairs.closest) {
    console.log(`  ${similarity.toFixed(3)} ${names.join(', ')}`);
  }
  for (const { photo, label } of accuracy.findings.missed) {
    console.log(`  missed${label.hard ? ', hard' : ''}: ${photo.name} at ${label.box.x}, ${label.box.y}`);
  }
  for (const { photo, face } of [...accuracy.findings.invented, ...accuracy.empty.invented]) {
    const { x, y, width } = face.box;
    const where = `${Math.round(x)}, ${Math.round(y)}, ${Math.round(width)} wide`;
    console.log(`  not a face: ${photo.name} at ${where}, probability ${face.probability.toFixed(2)}`);
  }
}

export function printHarm(harmed: readonly Harmed[]): void {
  console.log();
  table(
    ['change', 'found', 'matches itself'],
    harmed.map(({ harm, found, recognised }) => [harm, describeShare(found), describeShare(recognised)]),
  );
}

export function printSpeed(speeds: readonly Speed[]): void {
  console.log();
  table(
    ['faces', 'raster', 'median ms', 'p95 ms', 'processor ms'],
    speeds.map(({ faces, size, median, p95, processor }) => [
      String(faces),
      size,
      ...[median, p95, processor].map((value) => value.toFixed(0)),
    ]),
  );
}

export function printProcesses({ workers, alone, together, ratios, rssMb }: Processes): void {
  const ratio = quantile(ratios, 0.5).toFixed(2);
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  console.log();
  table(
    ['processes', 'images per second', 'resident MB'],
    [
      ['none of its own', alone.toFixed(1), rssMb.alone.toFixed(0)],
      [
        String(workers),
        `${together.toFixed(1)}: ${ratio} (${spread}) times as many`,
        `${rssMb.together.toFixed(0)} more`,
      ],
    ],
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}
