import { expect, test } from 'vitest';
import { encodeWithin } from '../../../shared/images/encode-within.ts';
import { DEFAULT_IMAGE_BOUNDS } from '../../../shared/images/image.ts';
import { decodeImage } from '../../support/decode-image.ts';
import { noise } from './pictures.ts';

const LIMITS = { maxBytes: 3_000_000, maxSide: 4095 };

test('a raster within the limits is encoded in its own size', async () => {
  const encoded = await encodeWithin(noise(300, 200), LIMITS);

  expect(encoded).toMatchObject({ width: 300, height: 200 });
});

test('a raster beyond the longest side is scaled down, and its new size is reported', async () => {
  const encoded = await encodeWithin(noise(301, 200), { ...LIMITS, maxSide: 100 });

  const decoded = await decodeImage(encoded.bytes, DEFAULT_IMAGE_BOUNDS);
  expect(encoded).toMatchObject({ width: 100, height: 66 });
  expect(decoded).toMatchObject({ width: 100, height: 66, format: 'jpeg' });
});

test.each([40_000, 20_000, 5_000])('even noise is encoded in at most %i bytes', async (maxBytes) => {
  const { bytes } = await encodeWithin(noise(300, 200), { ...LIMITS, maxBytes });

  expect(bytes.length).toBeLessThanOrEqual(maxBytes);
});
