import { expect, test } from 'vitest';
import { readPipelineOptions } from '../../../../shared/pipeline/options.ts';
import { readPeopleOptions } from '../../../../shared/pipeline/people/options.ts';

const read = (env: NodeJS.ProcessEnv) => readPeopleOptions(env, readPipelineOptions(env));

test.each([
  [{ PEOPLE_PREFIX: 'incoming/people/' }, /PEOPLE_PREFIX "incoming\/people\/" is inside SOURCE_PREFIX/],
  [{ GALLERY_PREFIX: 'results/gallery/' }, /GALLERY_PREFIX .* is inside RESULT_PREFIX/],
  [{ SOURCE_PREFIX: 'people/in/' }, /SOURCE_PREFIX .* is inside PEOPLE_PREFIX/],
])('prefixes that contain each other are refused: %o', (env, message) => {
  expect(() => read({ GALLERY: 'oss', ...env })).toThrow(message);
});

test('without a gallery, the prefixes of people do not matter', () => {
  expect(read({ PEOPLE_PREFIX: 'incoming/people/' })).toMatchObject({ gallery: 'off' });
});
