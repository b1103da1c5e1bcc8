import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectHead } from '../../../shared/oss/object-store.ts';
import {
  identityMetadata,
  publishedResult,
  standingOf,
  type WriteIdentity,
} from '../../../shared/results/identity.ts';

const write: WriteIdentity = {
  bucket: 'photos',
  key: 'incoming/a.jpg',
  requestId: 'A',
  eventTime: '2026-01-01T00:00:10.000Z',
};

function headWith(metadata: Record<string, string>): ObjectHead {
  return { key: 'k', size: 1, etag: 'E', lastModified: 0, contentType: 'application/json', metadata };
}

describe('publishedResult', () => {
  test('the metadata of a result document gives back the identity of the write for every key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        const metadata = identityMetadata({ ...write, key }, { faces: 3 });

        expect(publishedResult(headWith(metadata))).toEqual({ ...write, key, faces: 3 });
        expect(Object.values(metadata).join('')).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  test.each(['source-bucket', 'source-key', 'request-id', 'event-time'])(
    'an object without the metadata %s is not a result',
    (name) => {
      const { [name]: _, ...incomplete } = identityMetadata(write, { faces: 1 });

      expect(publishedResult(headWith(incomplete))).toBeUndefined();
    },
  );

  test('a key that is not percent-encoded correctly is kept as it is', () => {
    const metadata = { ...identityMetadata(write, { faces: 1 }), 'source-key': '100%' };

    expect(publishedResult(headWith(metadata))).toMatchObject({ key: '100%' });
  });

  test('a number of faces that is not a number counts as 0', () => {
    const metadata = { ...identityMetadata(write, { faces: 1 }), faces: 'many' };

    expect(publishedResult(headWith(metadata))).toMatchObject({ faces: 0 });
  });
});

describe('standingOf', () => {
  const published = { ...write, faces: 1 };

  test.each([
    ['new', 'nothing is published', undefined],
    ['duplicate', 'the same write is published', published],
    [
      'superseded',
      'a later write is published',
      { ...published, requestId: 'B', eventTime: '2026-01-01T00:00:11.000Z' },
    ],
    [
      'new',
      'an earlier write is published',
      { ...published, requestId: 'B', eventTime: '2026-01-01T00:00:09.000Z' },
    ],
    ['new', 'the same write could not be read before', { ...published, failure: 'ObjectArchived' }],
    ['duplicate', 'the same write is no image', { ...published, failure: 'InvalidImage' }],
    ['new', 'another write of the same second is published', { ...published, requestId: 'B' }],
    ['new', 'the result of another bucket is published', { ...published, bucket: 'other' }],
    ['new', 'the result of another key is published', { ...published, key: 'incoming/b.jpg' }],
  ] as const)('a write is %s when %s', (standing, _when, other) => {
    expect(standingOf(write, other)).toBe(standing);
  });
});
