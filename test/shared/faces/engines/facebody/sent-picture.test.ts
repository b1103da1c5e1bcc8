import { expect, test } from 'vitest';
import { fileAsStored } from '../../../../../shared/faces/engines/facebody/sent-picture.ts';
import type { PictureFacts } from '../../../../../shared/images/image.ts';

const LIMITS = { maxBytes: 3_000_000, maxSide: 4095 };
const STORED: PictureFacts = {
  width: 3000,
  height: 2000,
  format: 'jpeg',
  storedUpright: true,
  raster: { width: 1920, height: 1280 },
};

test('a file that the service takes as it is is named by its URL', () => {
  const sent = fileAsStored(STORED, { url: 'https://photos/a.jpg?sig', bytes: 2_000_000 }, LIMITS);

  expect(sent).toEqual({ url: 'https://photos/a.jpg?sig', width: 3000, height: 2000 });
});

test.each<[why: string, picture: Partial<PictureFacts>, bytes: number]>([
  ['is stored turned', { storedUpright: false }, 1000],
  ['may be stored turned', { storedUpright: undefined }, 1000],
  ['is a WebP', { format: 'webp' }, 1000],
  ['has too many bytes', {}, 3_000_001],
  ['is too wide', { width: 4096 }, 1000],
])('a file that %s is not handed over', (_, changes, bytes) => {
  const picture = { ...STORED, ...changes };

  expect(fileAsStored(picture, { url: 'https://photos/a.jpg', bytes }, LIMITS)).toBeUndefined();
});
