import { expect, test } from 'vitest';
import {
  DETECTOR_OUTPUTS,
  openDetectorSize,
} from '../../../../../shared/faces/engines/local/detector-graph.ts';
import { readModel } from '../../../../../shared/faces/engines/local/models.ts';
import { decodeBox, makePriors } from '../../../../../shared/faces/engines/local/priors.ts';
import { resample } from '../../../../../shared/faces/engines/local/sample.ts';
import { openNet } from '../../../../../shared/faces/engines/local/session.ts';
import { decodeSample } from '../../../../support/photos.ts';

test('the changed detector with our decoding finds the boxes of the original at its size', async () => {
  const model = await readModel('detector');
  const original = await openNet(model, { threads: 1 });
  const opened = await openNet(openDetectorSize(model), { threads: 1 });
  const { raster } = await decodeSample(5);
  const pixels = resample(raster, 320, 240).map((value) => (value - 127) / 128);

  const expected = await original.run(pixels, [1, 3, 240, 320]);
  const outputs = await opened.run(pixels, [1, 3, 240, 320]);
  await Promise.all([original.release(), opened.release()]);

  const priors = makePriors({ width: 320, height: 240 });
  const regressions = outputs[DETECTOR_OUTPUTS.regressions]!;
  let largestDifference = 0;
  for (let i = 0; i < 4420; i++) {
    const { x, y, width, height } = decodeBox(priors, regressions, i);
    for (const [k, edge] of [x, y, x + width, y + height].entries()) {
      largestDifference = Math.max(largestDifference, Math.abs(edge - expected.boxes![4 * i + k]!));
    }
  }
  expect(priors).toHaveLength(4 * 4420);
  expect(largestDifference).toBeLessThan(1e-5);
  const scores = outputs[DETECTOR_OUTPUTS.scores]!;
  expect(Math.max(...scores.map((score, i) => Math.abs(score - expected.scores![i]!)))).toBeLessThan(1e-5);
});

test('the changed detector accepts other sizes', async () => {
  const net = await openNet(openDetectorSize(await readModel('detector')), { threads: 1 });
  const size = { width: 960, height: 720 };

  const outputs = await net.run(new Float32Array(3 * 960 * 720), [1, 3, 720, 960]);
  await net.release();

  expect(outputs[DETECTOR_OUTPUTS.regressions]).toHaveLength(makePriors(size).length);
});

test('a detector without scores is rejected', () => {
  expect(() => openDetectorSize(Uint8Array.of(0x3a, 0))).toThrow(
    expect.objectContaining({ code: 'ModelMismatch' }),
  );
});
