import { describe, expect, test } from 'vitest';
import { personOf, photoEvent, photoOf } from '../../../../shared/pipeline/people/photos.ts';
import { anEvent } from '../../../support/events.ts';

const PHOTO = { key: 'people/Anna/1.jpg', size: 5, etag: 'E', lastModified: 1_767_225_600_000 };

describe('photoEvent', () => {
  test('the event of a photo in a listing is that of its upload', () => {
    const requestId = 'LIST-E-1767225600';
    const eventTime = '2026-01-01T00:00:00.000Z';

    expect(photoEvent('photos', 'cn-hangzhou', PHOTO)).toEqual({
      id: `${requestId}.0`,
      eventName: 'ObjectCreated:PutObject',
      eventTime,
      region: 'cn-hangzhou',
      accountId: '',
      bucket: 'photos',
      key: PHOTO.key,
      size: 5,
      etag: 'E',
      requestId,
      envelopes: [],
      record: {
        eventName: 'ObjectCreated:PutObject',
        eventSource: 'acs:oss',
        eventTime,
        region: 'cn-hangzhou',
        responseElements: { requestId },
        oss: { bucket: { name: 'photos' }, object: { key: PHOTO.key, size: 5, eTag: 'E' } },
      },
    });
  });

  test('the event of a photo has the request id of its write if that is known', () => {
    const event = photoEvent('photos', 'cn-hangzhou', { ...PHOTO, requestId: 'R' });

    expect(event).toMatchObject({ id: 'R.0', requestId: 'R' });
  });
});

describe('personOf', () => {
  test.each([
    ['people/Anna/x/y.jpg', 'Anna'],
    ['people/Anna', undefined],
    ['people/Anna/', undefined],
    ['other/Anna/x.jpg', undefined],
  ])('the person of %s is %s', (key, person) => {
    expect(personOf(key, 'people/')).toBe(person);
  });
});

describe('photoOf', () => {
  test('every write of every photo has a name of its own', () => {
    const names = [
      { bucket: 'photos', key: 'a.jpg', requestId: 'R' },
      { bucket: 'photo', key: 'sa.jpg', requestId: 'R' },
      { bucket: 'photos', key: 'a.jp', requestId: 'gR' },
      { bucket: 'photos', key: 'a.jpg', requestId: 'S' },
    ].map((write) => photoOf(anEvent(write)));

    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  });
});
