import { expect, onTestFinished, test } from 'vitest';
import { createFaceBodyEngine } from '../../../../../shared/faces/engines/facebody/engine.ts';
import type { Face } from '../../../../../shared/faces/face.ts';
import { createPacing, type Pacing } from '../../../../../shared/faces/pacing.ts';
import { seededRandom } from '../../../../../shared/runtime/random.ts';
import { startFaceBody } from '../../../../local/facebody/support.ts';
import { analyze } from '../../../../support/analyze.ts';
import { aFace, fakeEngine } from '../../../../support/fake-engine.ts';
import { blankImage } from '../../../../support/photos.ts';
import { clientOf } from './support.ts';

const BURST = 200;
const IMAGE = blankImage(64, 64);

/** Counts running I/O and pixel work, so that the clock waits for it. */
function observe(pacing: Pacing, works: number): { pacing: Pacing; busy: () => number } {
  let expected = works;
  let busy = 0;
  return {
    busy: () => Math.max(0, expected) + busy,
    pacing: {
      rate: pacing.rate,
      run: (operation, work, options) =>
        pacing.run(
          operation,
          async (turn) => {
            expected--;
            busy++;
            try {
              return await work(async () => {
                busy--;
                await turn().finally(() => busy++);
              });
            } finally {
              busy--;
            }
          },
          options,
        ),
    },
  };
}

/** Analyzes 200 pictures at once, and returns the requests that the service received. */
async function burst({ quota, drop }: { quota: number; drop?: { to: number; after: number } }) {
  const server = await startFaceBody({
    engine: fakeEngine((): Face[] => [aFace({ box: { x: 0, y: 0, width: 64, height: 64 } })]),
    quota,
  });
  onTestFinished(() => server.stop());
  const { clock } = server;
  const random = seededRandom(7);
  const { pacing, busy } = observe(createPacing({ clock, random, quota: () => quota }), BURST);
  const engine = createFaceBodyEngine({
    client: clientOf(server.endpoint, { clock, random, pacing }),
    pictures: fakeEngine(),
  });
  const began = clock.now();

  let faces = 0;
  let done = 0;
  let failed = 0;
  let finishedAt = began;
  const all = Array.from({ length: BURST }, () =>
    analyze(engine, IMAGE, { attributes: new Set(['age']), embeddings: false })
      .then((found) => {
        faces += found.length;
        if (++done === drop?.after) server.quotas.set(drop.to);
      })
      .catch(() => failed++)
      .finally(() => {
        finishedAt = clock.now();
      }),
  );
  if (drop?.after === 0) server.quotas.set(drop.to);
  const finished = Promise.all(all).then(() => true);
  const turn = () => new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  while (!(await Promise.race([finished, turn()]))) {
    if (busy() === 0) await clock.advance(25);
  }
  const { received, answered, failed: refusals, busiestSecond } = server.stats().RecognizeFace!;
  const throttled = refusals.Throttling ?? 0;
  return {
    faces,
    failed,
    received,
    answered,
    throttled,
    busiestSecond,
    seconds: (finishedAt - began) / 1000,
  };
}

test('a burst of 200 pictures never exceeds the quota of two requests per second and takes little longer than the minimum', async () => {
  const seen = await burst({ quota: 2 });

  expect(seen).toMatchObject({ faces: BURST, failed: 0, received: BURST, throttled: 0, busiestSecond: 2 });
  expect(seen.seconds).toBeLessThan(1.1 * (BURST / 2));
});

test.each([
  [0, BURST],
  [BURST / 2, BURST / 4 + BURST / 2],
])(
  'when the quota drops to one after %i pictures, few calls are refused, none fails, and it takes hardly longer than it must',
  async (after, floor) => {
    const seen = await burst({ quota: 2, drop: { to: 1, after } });

    expect(seen).toMatchObject({ faces: BURST, failed: 0, answered: BURST });
    expect(seen.throttled).toBeLessThanOrEqual(5);
    expect(seen.seconds).toBeLessThan(1.1 * floor);
  },
);
