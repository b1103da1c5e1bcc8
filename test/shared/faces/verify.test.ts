import sharp from 'sharp';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { FaceEngine } from '../../../shared/faces/engine.ts';
import { createFaceBodyEngine } from '../../../shared/faces/engines/facebody/engine.ts';
import { createLocalEngine } from '../../../shared/faces/engines/local/engine.ts';
import { verifyFaces } from '../../../shared/faces/verify.ts';
import { cropFace } from '../../../shared/images/crop.ts';
import { DEFAULT_IMAGE_BOUNDS } from '../../../shared/images/image.ts';
import { startFaceBody } from '../../local/facebody/support.ts';
import { engineInProcess } from '../../support/engine-in-process.ts';
import { aFace, fakeEngine } from '../../support/fake-engine.ts';
import { type KnownFace, knownFaces } from '../../support/known-faces.ts';
import { clientOf } from './engines/facebody/support.ts';

const local = engineInProcess(createLocalEngine());
afterAll(() => local.close());

const engines: Record<string, () => Promise<FaceEngine>> = {
  local: async () => local,
  async facebody() {
    const server = await startFaceBody({ engine: local });
    onTestFinished(() => server.stop());
    return createFaceBodyEngine({ client: clientOf(server.endpoint), pictures: fakeEngine() });
  },
};

const OPTIONS = { bounds: DEFAULT_IMAGE_BOUNDS };

const portraitOf = ({ image, face }: KnownFace) =>
  cropFace(image, face.box, { padding: 0.6, minSide: 64, maxSide: 1024, quality: 95 });

const nobody = () =>
  sharp({ create: { width: 640, height: 480, channels: 3, background: '#777' } })
    .png()
    .toBuffer();

describe.each(Object.keys(engines))('verifyFaces with the engine %s', (name) => {
  test('two photos of one person are verified, and those of two people are not', async () => {
    const engine = await engines[name]!();
    const known = await knownFaces();
    const [anna, annaAgain, clara] = await Promise.all(
      [known.anna, known.annaAgain, known.clara].map(portraitOf),
    );

    const same = await verifyFaces(engine, [anna!, annaAgain!], OPTIONS);
    const different = await verifyFaces(engine, [anna!, clara!], OPTIONS);

    expect(same).toMatchObject({ same: true, level: 'high' });
    expect(different).toEqual({ same: false, confidence: expect.any(Number) });
    expect(different.confidence).toBeLessThan(same.confidence);
  });

  test('verification fails when one picture shows no face', async () => {
    const engine = await engines[name]!();

    const verification = verifyFaces(engine, [await nobody(), await nobody()], OPTIONS);

    await expect(verification).rejects.toMatchObject({ code: 'FaceNotFound', kind: 'permanent' });
  });
});

test('faces that are too small to be distinguished are not compared', async () => {
  const embedding = Float32Array.of(1, 0);
  const tiny = fakeEngine(() => [aFace({ box: { x: 0, y: 0, width: 44, height: 60 }, embedding })]);

  const verification = verifyFaces(tiny, [await nobody(), await nobody()], OPTIONS);

  await expect(verification).rejects.toThrow('44 pixels wide');
});
