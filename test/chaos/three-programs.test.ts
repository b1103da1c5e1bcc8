import AliOss from 'ali-oss';
import { expect, test } from 'vitest';
import { systemClock } from '../../shared/runtime/clock.ts';
import { seededRandom } from '../../shared/runtime/random.ts';
import { drain } from '../e2e/local-cloud-kill/messages.ts';
import { type Comparable, keyOf, resultOf, smallPhotos, undisturbed } from './photos.ts';
import { BUCKET, DEAD_QUEUE, QUEUE, startThreePrograms, type ThreePrograms } from './three-programs.ts';

/** Fewer are quick enough for a look: `UPLOADS=50 KILLS=5 npm run test:chaos`. */
const UPLOADS = Number(process.env.UPLOADS ?? 1000);
const KILLS = Number(process.env.KILLS ?? 100);
const SEED = 20_260_103;

interface Disturbance {
  readonly jumping?: boolean;
  /** Before each upload. */
  readonly before?: (programs: ThreePrograms, index: number) => Promise<void>;
  /** After each kill. */
  readonly after?: (programs: ThreePrograms) => void;
}

/** Uploads photos while programs die; resolves when each has a result, or when nothing has come for long. */
async function run({ jumping, before, after }: Disturbance) {
  const random = seededRandom(SEED);
  const photos = await smallPhotos(UPLOADS);
  const programs = await startThreePrograms({ jumping });
  const store = programs.oss.bucket(BUCKET);
  const uploading = (async () => {
    for (const [index, photo] of photos.entries()) {
      await before?.(programs, index);
      await insistently(() => store.put(keyOf(index), photo));
      await systemClock.sleep(random() * 100);
    }
  })();
  for (let kill = 0; kill < KILLS; kill++) {
    await systemClock.sleep(50 + random() * 900);
    await programs.killOne(random);
    after?.(programs);
  }
  await uploading;

  const results = new Map<number, Comparable>();
  const missing = new Set(photos.keys());
  for (let quietMs = 0; missing.size > 0 && quietMs < QUIET_MS; quietMs += LOOK_MS) {
    for (const index of missing) {
      const result = await insistently(() => resultOf(store, keyOf(index)));
      if (!result) continue;
      results.set(index, result);
      missing.delete(index);
      quietMs = 0;
    }
    await systemClock.sleep(LOOK_MS);
  }
  const dead = await drain(programs.mns.queue(DEAD_QUEUE));
  return { programs, photos, results, dead: dead.map(({ body }) => body) };
}

const QUIET_MS = 120_000;
const LOOK_MS = 1000;

/** The cloud may be dead at the moment. */
async function insistently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch {
      await systemClock.sleep(50);
    }
  }
}

function assertAll(
  { programs, photos, results }: Awaited<ReturnType<typeof run>>,
  reference: Comparable[],
): void {
  expect([...photos.keys()].filter((index) => !results.has(index))).toEqual([]);
  for (const [index, result] of results) {
    expect(result.document, keyOf(index)).toEqual(reference[index]!.document);
    expect(
      result.pictures.every((one, i) => one.equals(reference[index]!.pictures[i]!)),
      keyOf(index),
    ).toBe(true);
  }
  expect(Object.values(programs.kills).reduce((sum, count) => sum + count, 0)).toBe(KILLS);
}

test(`${UPLOADS} uploads survive ${KILLS} kills of three programs: none is lost, and none is wrong`, async () => {
  const done = await run({});

  assertAll(done, await undisturbed(done.photos));
  expect(done.dead).toEqual([]);
});

test(`${UPLOADS} uploads among poison survive ${KILLS} kills, and all poison is accounted for`, async () => {
  const archived: string[] = [];
  const garbage: string[] = [];
  const before = async ({ connection, mns }: ThreePrograms, index: number) => {
    if (index % 10 === 0) {
      const key = `incoming/archived-${index}.jpg`;
      await insistently(() => archive(connection, key));
      archived.push(key);
    }
    if (index % 25 === 0) {
      const text = `garbage ${index}`;
      await insistently(() => mns.queue(QUEUE).send(text));
      garbage.push(text);
    }
  };

  const done = await run({ before });

  assertAll(done, await undisturbed(done.photos));
  const store = done.programs.oss.bucket(BUCKET);
  for (const key of archived) {
    const result = await resultOf(store, key);
    expect(result?.document, key).toMatchObject({ outcome: 'failed', error: 'ObjectArchived' });
  }
  const bodies = new Set(done.dead.map((letter) => (JSON.parse(letter) as { body: string }).body));
  expect([...bodies].sort()).toEqual([...garbage].sort());
});

test(`${UPLOADS} uploads survive ${KILLS} kills while the clocks of all programs jump by an hour`, async () => {
  const random = seededRandom(SEED + 1);

  const done = await run({ jumping: true, after: (programs) => programs.jumpOne(random) });

  assertAll(done, await undisturbed(done.photos));
  expect(done.dead).toEqual([]);
});

/** As anybody may upload. */
async function archive({ ossUrl, account }: ThreePrograms['connection'], key: string): Promise<void> {
  const endpoint = ossUrl.replace('127.0.0.1', 'localhost');
  const options = { ...account, endpoint, sldEnable: true, bucket: BUCKET, timeout: 5000 };
  const client = new AliOss(options as AliOss.Options);
  await client.put(key, Buffer.from('archived'), { headers: { 'x-oss-storage-class': 'Archive' } });
}
