import { expect, test } from 'vitest';
import { normalizeContentType, normalizeMetadata } from '../../../shared/oss/metadata.ts';

test('metadata and content type lose white space at their ends, as on the wire', () => {
  expect(normalizeMetadata({ a: ' b c ' })).toEqual({ a: 'b c' });
  expect(normalizeContentType(' image/jpeg ')).toBe('image/jpeg');
});
