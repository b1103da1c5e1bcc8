import { expect, test } from 'vitest';
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
