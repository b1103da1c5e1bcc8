// Time to search one face in a gallery in OSS, and time to load the gallery.
// Run: npx tsx bench/gallery.ts [faces] [people]. Fails when a face does not find itself.
import { randomUUID } from 'node:crypto';
import { createOssGallery } from '../shared/faces/gallery/oss/gallery.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { silentLogger } from '../shared/runtime/log.ts';
import { seededRandom } from '../shared/runtime/random.ts';
import { blankPicture } from '../test/support/analyze.ts';
import { createMemoryStore } from '../test/support/memory-store.ts';
import { ms, spread } from './slice/statistics.ts';

const FACES = Number(process.argv[2] ?? 50_000);
const PEOPLE = Number(process.argv[3] ?? 10_000);
const SIZE = 512;
const SEARCHES = 200;
/** Target for 50,000 faces. */
const BAR_MS = 50;

const random = seededRandom(1);
const picture = blankPicture(1, 1);
const box = { x: 0, y: 0, width: 1, height: 1 };

function anEmbedding(): Float32Array {
  const vector = Float32Array.from({ length: SIZE }, () => random() - 0.5);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

const store = createMemoryStore({ clock: systemClock });
const open = () =>
  createOssGallery({
    store,
    prefix: 'gallery/',
    embedder: { name: 'bench', size: SIZE },
    clock: systemClock,
    newId: randomUUID,
    logger: silentLogger,
    refreshMs: 3_600_000,
  });

const probes = new Map<string, Float32Array>();
const writer = open();
for (let person = 0; person < PEOPLE; person++) {
  const faces = [];
  for (let i = person; i < FACES; i += PEOPLE) {
    const embedding = anEmbedding();
    if (probes.size < SEARCHES && random() < 0.02) probes.set(`person-${person}`, embedding);
    faces.push({ photo: `photo-${i}`, picture, face: { box, embedding } });
  }
  await writer.add(`person-${person}`, faces);
}

const additions: number[] = [];
for (let i = 0; i < 50; i++) {
  const started = performance.now();
  await writer.add(`later-${i}`, [{ photo: 'photo', picture, face: { box, embedding: anEmbedding() } }]);
  additions.push(performance.now() - started);
}

const reader = open();
const loading = performance.now();
await reader.faces('person-0');
const loaded = performance.now() - loading;

const times: number[] = [];
for (const [person, embedding] of probes) {
  const started = performance.now();
  const [candidates] = await reader.search(picture, [{ box, embedding }], { people: 5 });
  times.push(performance.now() - started);
  if (candidates?.[0]?.person !== person)
    throw new Error(`${person} was taken for ${candidates?.[0]?.person}`);
}

const objects = [];
for await (const object of store.list()) objects.push(object.size);
const megabytes = objects.reduce((sum, size) => sum + size, 0) / 1e6;
console.log(`${FACES} faces of ${PEOPLE} people, ${SIZE} numbers each, on ${process.version}`);
console.log(`objects      ${objects.length}, ${megabytes.toFixed(0)} MB`);
console.log(`one more     ${ms(additions)} median (min–max) of ${additions.length}`);
console.log(`load         ${loaded.toFixed(0)} ms from memory`);
console.log(`search       ${ms(times)} median (min–max) of ${times.length}`);
const ratios = times.map((time) => time / BAR_MS);
console.log(`to the bar   ${spread(ratios, 2)} of ${BAR_MS} ms`);
