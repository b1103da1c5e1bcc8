import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_KEY_BYTES } from '../../../shared/oss/limits.ts';
import { fixedPrefix, resultKeys } from '../../../shared/results/keys.ts';

test('result keys keep the folders of the source key, so that equal base names do not collide', () => {
  const first = resultKeys('results/', { bucket: 'photos', key: 'incoming/a/me.jpg' });
  const second = resultKeys('results/', { bucket: 'photos', key: 'incoming/b/me.jpg' });

  expect(first.document).toBe('results/incoming/a/me.jpg/faces.json');
  expect(second.document).toBe('results/incoming/b/me.jpg/faces.json');
  expect(first.crop(3)).toBe('results/incoming/a/me.jpg/faces/3.jpg');
});

test('{bucket} in a result prefix stands for the source bucket', () => {
  const keys = resultKeys('results/{bucket}/', { bucket: 'photos', key: 'me.jpg' });

  expect(keys).toMatchObject({
    annotated: 'results/photos/me.jpg/annotated.jpg',
    redacted: 'results/photos/me.jpg/redacted.jpg',
    crops: 'results/photos/me.jpg/faces/',
  });
});

test.each([
  ['results/{bucket}/x/{bucket}/', 'results/'],
  ['results/', 'results/'],
])('the fixed part of the result prefix %s is %s', (prefix, fixed) => {
  expect(fixedPrefix(prefix)).toBe(fixed);
});

/** Keys of every length, most of them near the limit; some look like shortened ones. */
const aKey = fc
  .tuple(
    fc.constantFrom('a', 'é', '张', '😀', '/'),
    fc.integer({ min: 0, max: 60 }),
    fc.constantFrom('', '.jpg', `~${'0'.repeat(40)}`),
  )
  .map(([letter, less, end]) => {
    const key = `incoming/${letter.repeat(Math.floor((MAX_KEY_BYTES - less) / Buffer.byteLength(letter)))}`;
    const bytes = Buffer.from(key).subarray(0, MAX_KEY_BYTES - end.length);
    return `${bytes.toString().replace(/\ufffd+$/, '')}${end}`;
  });

test('the results of every key have keys that OSS accepts', () => {
  fc.assert(
    fc.property(aKey, fc.constantFrom('results/', '结果/{bucket}/'), (key, prefix) => {
      const { folder, document, annotated, redacted, crop } = resultKeys(prefix, { bucket: 'photos', key });

      for (const name of [document, annotated, redacted, crop(99_999)]) {
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_KEY_BYTES);
        expect(name).not.toContain('\ufffd');
        expect(name.startsWith(folder)).toBe(true);
      }
    }),
  );
});

test('the results of two keys never share a folder, however alike the keys are', () => {
  const source = (key: string) => ({ bucket: 'photos', key });
  const long = `incoming/${'a'.repeat(1010)}`;
  const { folder } = resultKeys('results/', source(`${long}.png`));
  const posing = folder.slice('results/'.length, -1);

  const folders = [long, `${long}.png`, `${long}.jpg`, posing].map(
    (key) => resultKeys('results/', source(key)).folder,
  );

  expect(new Set(folders).size).toBe(4);
});
