import { expect, it } from 'vitest';
import { resultKeys } from '../../../shared/results/keys.ts';

it('keeps the folders of the source key, so that equal base names never meet', () => {
  const first = resultKeys('results/', { bucket: 'photos', key: 'incoming/a/me.jpg' });
  const second = resultKeys('results/', { bucket: 'photos', key: 'incoming/b/me.jpg' });

  expect(first.document).toBe('results/incoming/a/me.jpg/faces.json');
  expect(second.document).toBe('results/incoming/b/me.jpg/faces.json');
  expect(first.crop(3)).toBe('results/incoming/a/me.jpg/faces/3.jpg');
});

it('puts the source bucket where the prefix asks for it', () => {
  const keys = resultKeys('results/{bucket}/', { bucket: 'photos', key: 'me.jpg' });

  expect(keys.annotated).toBe('results/photos/me.jpg/annotated.jpg');
});
