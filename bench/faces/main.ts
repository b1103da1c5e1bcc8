// Accuracy and speed of the local engine with each of its embedders: detection, verification, attributes, changed
// photos, time per image, processes. Uses photos from npm packages, which labels.json describes.
//
// Prints Markdown tables, draws docs/faces-roc.svg, and fails when a bar is missed. `--quick` skips changes and time.
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { EMBEDDER_NAMES, type EmbedderName } from '../../shared/faces/engines/local/embedders.ts';
import { createLocalEngine } from '../../shared/faces/engines/local/engine.ts';
import { describeMachine } from '../machine.ts';
import { judgeAttributes } from './attributes.ts';
import { checkBars } from './bars.ts';
import { findFaces, judgeDetection } from './detection.ts';
import { harmFaces } from './harm.ts';
import { loadPhotos } from './photos.ts';
import { type Curve, drawCurves } from './plot.ts';
import { printAccuracy, printHarm, printProcesses, printSpeed } from './report.ts';
import { compareProcesses, measureSpeed } from './speed.ts';
import { comparePairs, judgeVerification } from './verification.ts';

const quick = process.argv.includes('--quick');
const { photos, withoutFaces } = await loadPhotos();
const faces = photos.flatMap((photo) => photo.faces);
console.log(
  `${describeMachine()}\n` +
    `${photos.length} photos with ${faces.length} faces, ${withoutFaces.length} pictures without`,
);

const curves: Curve[] = [];
const faults: string[] = [];
for (const embedder of EMBEDDER_NAMES) curves.push(await measure(embedder));
const [first, second] = curves as [Curve, Curve];
const caption = `${first.pairs.genuine.length} pairs of one person, ${first.pairs.strangers.length} of strangers, ${first.pairs.people} people; logarithmic scales end at 0.01 %`;
await writeFile('docs/faces-roc.svg', drawCurves([first, second], caption));

if (!quick) {
  const processes = await compareProcesses(Math.min(availableParallelism(), 2));
  printProcesses(processes);
  faults.push(...checkBars('processes', { processes }));
}
for (const fault of faults) console.log(`missed: ${fault}`);
if (faults.length > 0) process.exitCode = 1;

async function measure(embedder: EmbedderName): Promise<Curve> {
  const engine = createLocalEngine({ embedder });
  const { thresholds } = engine.embedder!;
  const findings = await findFaces(engine, photos);
  const empty = await findFaces(engine, withoutFaces);
  const pairs = comparePairs(findings.found);
  const accuracy = {
    detection: judgeDetection(findings, empty, withoutFaces.length),
    verification: judgeVerification(pairs, thresholds),
    attributes: judgeAttributes(findings.found),
  };
  printAccuracy(embedder, { ...accuracy, findings, empty, pairs, thresholds });
  faults.push(...checkBars(embedder, accuracy));
  if (!quick) {
    printHarm(await harmFaces(engine, findings.found));
    const portrait = photos.find(({ name }) => name.endsWith('faces/marc.jpg'))!;
    printSpeed(await measureSpeed(engine, [withoutFaces[0]!.image, portrait.image]));
  }
  await engine.close();
  return { name: embedder, pairs, thresholds };
}
