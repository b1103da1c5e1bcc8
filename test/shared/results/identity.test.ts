import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

describe('the metadata of a result document', () => {
  it('gives the identity of the write back for every key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        const metadata = identityMetadata({ ...write, key }, 3);

        expect(publishedResult(headWith(metadata))).toEqual({ ...write, key, faces: 3 });
        expect(Object.values(metadata).join('')).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  it('is absent on an object that somebody else wrote', () => {
    expect(publishedResult(headWith({ author: 'me' }))).toBeUndefined();
  });
});

describe('the standing of a write', () => {
  const published = { ...write, faces: 1 };

  it.each([
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
    ['new', 'another write of the same second is published', { ...published, requestId: 'B' }],
    ['new', 'the result of another bucket is published', { ...published, bucket: 'other' }],
  ] as const)('is %s when %s', (standing, _when, other) => {
    expect(standingOf(write, other)).toBe(standing);
  });
});
