import { expect, test } from 'vitest';
import { encodePicture, fileAsStored } from '../../../../../shared/faces/engines/facebody/picture.ts';
import { decodeImage } from '../../../../../shared/images/decode.ts';
import { DEFAULT_IMAGE_BOUNDS, type UprightImage } from '../../../../../shared/images/image.ts';
import { seededRandom } from '../../../../../shared/runtime/random.ts';

/** Noise, the worst case for compression. */
function noise(width: number, height: number): UprightImage {
  const random = seededRandom(1);
  const data = Uint8Array.from({ length: width * height * 3 }, () => 256 * random());
  return { width, height, format: 'jpeg', raster: { data, width, height } };
}

const LIMITS = { maxBytes: 3_000_000, maxSide: 4095 };

test('a raster within the limits keeps its size', async () => {
  const sent = await encodePicture(noise(300, 200), LIMITS);

  expect(sent).toMatchObject({ width: 300, height: 200 });
});

test('a raster beyond the longest side is scaled down, and the new size is returned', async () => {
  const sent = await encodePicture(noise(301, 200), { ...LIMITS, maxSide: 100 });

  const decoded = await decodeImage('bytes' in sent ? sent.bytes : Buffer.of(), DEFAULT_IMAGE_BOUNDS);
  expect(sent).toMatchObject({ width: 100, height: 66 });
  expect(decoded).toMatchObject({ width: 100, height: 66, format: 'jpeg' });
});

test.each([40_000, 20_000, 5_000])('even noise is encoded to less than %i bytes', async (maxBytes) => {
  const sent = await encodePicture(noise(300, 200), { ...LIMITS, maxBytes });

  expect('bytes' in sent && sent.bytes.length).toBeLessThanOrEqual(maxBytes);
});

test('a file within the limits is passed by URL', () => {
  const image = { ...noise(30, 20), width: 3000, height: 2000, storedUpright: true };

  const sent = fileAsStored(image, { url: 'https://photos/a.jpg?sig', bytes: 2_000_000 }, LIMITS);

  expect(sent).toEqual({ url: 'https://photos/a.jpg?sig', width: 3000, height: 2000 });
});

test.each<[why: string, image: Partial<UprightImage>, bytes: number]>([
  ['is stored turned', { storedUpright: false }, 1000],
  ['may be stored turned', { storedUpright: undefined as never }, 1000],
  ['is a WebP', { format: 'webp' }, 1000],
  ['has too many bytes', {}, 3_000_001],
  ['is too wide', { width: 4096 }, 1000],
])('a file is not passed by URL when it %s', (_, changes, bytes) => {
  const image = { ...noise(30, 20), storedUpright: true, ...changes };

  expect(fileAsStored(image, { url: 'https://photos/a.jpg', bytes }, LIMITS)).toBeUndefined();
});
