import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { ObjectHead, ObjectStore } from '../../../shared/oss/object-store.ts';
import { fetchSource } from '../../../shared/pipeline/fetch.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { anEvent } from '../../support/events.ts';

const BYTES = Buffer.from('a picture');
const SHA256 = '92b2fa58028958317e408bd84ecfa70f5ee35b121991dbc232c49d166353708b';
const KEY = 'incoming/a.jpg';

const bounds = { maxBytes: 1024 };

/** A bucket with one object. */
function storeWith(changes: Partial<ObjectHead> = {}, body = Readable.from([BYTES])): ObjectStore {
  const head: ObjectHead = {
    key: KEY,
    size: BYTES.length,
    etag: 'ETAG',
    contentType: 'image/jpeg',
    lastModified: 0,
    metadata: {},
    ...changes,
  };
  const get: ObjectStore['get'] = async (key) => {
    if (key !== head.key) throw new AppError('NoSuchKey', `${key} does not exist`);
    return { head, body };
  };
  return { get } as ObjectStore;
}

test('fetchSource returns bytes, head and SHA-256 of the object', async () => {
  const fetched = await fetchSource(storeWith(), anEvent({ etag: 'ETAG' }), bounds);

  expect(fetched).toMatchObject({ bytes: BYTES, head: { key: KEY }, sha256: SHA256 });
});

test.each([
  ['another version with the same ETag', { versionId: 'V1' }, { versionId: 'V2' }],
  ['another ETag', { etag: 'ETAG' }, { etag: 'OTHER' }],
  ['another ETag of the same version', { etag: 'ETAG', versionId: 'V1' }, { etag: 'OTHER', versionId: 'V1' }],
])('an object with %s than its event supersedes the event', async (_, event, head) => {
  const body = Readable.from([BYTES]);

  const fetched = await fetchSource(storeWith(head, body), anEvent(event), bounds);

  expect(fetched).toBe('superseded');
  expect(body.destroyed).toBe(true);
});

test.each([
  ['both have the same version', { versionId: 'V1' }, { versionId: 'V1' }],
  ['the event names no version', {}, { versionId: 'V2' }],
  ['the bucket has no versions any longer', { versionId: 'V1' }, {}],
  ['the event names no ETag', { etag: '' }, { etag: 'OTHER' }],
])('an object answers its event when %s', async (_, event, head) => {
  const fetched = await fetchSource(storeWith(head), anEvent(event), bounds);

  expect(fetched).toMatchObject({ sha256: SHA256 });
});

test('an object that does not exist is gone', async () => {
  const fetched = await fetchSource(storeWith(), anEvent({ key: 'incoming/other.jpg' }), bounds);

  expect(fetched).toBe('gone');
});

test('a percent-encoded key falls back to its decoded form', async () => {
  const store = storeWith({ key: 'incoming/é b.jpg' });

  const fetched = await fetchSource(store, anEvent({ key: 'incoming/%C3%A9%20b.jpg' }), bounds);

  expect(fetched).toMatchObject({ head: { key: 'incoming/é b.jpg' } });
});

test('a key with an invalid percent sign is read as it is', async () => {
  const fetched = await fetchSource(storeWith({ key: '100%.jpg' }), anEvent({ key: '100%.jpg' }), bounds);

  expect(fetched).toMatchObject({ head: { key: '100%.jpg' } });
});

test('a key with valid and invalid percent signs is read only as it is', async () => {
  const asked: string[] = [];
  const get: ObjectStore['get'] = (key, options) => {
    asked.push(key);
    return storeWith().get(key, options);
  };

  const fetched = await fetchSource({ ...storeWith(), get }, anEvent({ key: '%20%zz.jpg' }), bounds);

  expect(fetched).toBe('gone');
  expect(asked).toEqual(['%20%zz.jpg']);
});

test('an object is read with the signal of its delivery', async () => {
  const { signal } = new AbortController();
  const store = storeWith();
  const signals: unknown[] = [];
  const get: ObjectStore['get'] = (key, options) => {
    signals.push(options?.signal);
    return store.get(key, options);
  };

  await fetchSource({ ...store, get }, anEvent(), { ...bounds, signal });

  expect(signals).toEqual([signal]);
});

test('an object at the size bound is fetched, and one byte more is refused', async () => {
  const store = () => storeWith();

  const fetched = await fetchSource(store(), anEvent(), { maxBytes: BYTES.length });
  const refused = fetchSource(store(), anEvent(), { maxBytes: BYTES.length - 1 });

  expect(fetched).toMatchObject({ sha256: SHA256 });
  await expect(refused).rejects.toMatchObject({ code: 'ImageTooLarge', details: { size: BYTES.length } });
});

test('an event that gives a size above the bound is refused without a request', async () => {
  const store = { get: () => expect.unreachable('the object was requested') } as unknown as ObjectStore;

  const fetched = fetchSource(store, anEvent({ size: 1025 }), bounds);

  await expect(fetched).rejects.toMatchObject({ code: 'ImageTooLarge' });
});

test('an error other than a missing object is thrown', async () => {
  const get = () => Promise.reject(new AppError('ServiceUnavailable', 'planned'));

  const fetched = fetchSource({ get } as unknown as ObjectStore, anEvent(), bounds);

  await expect(fetched).rejects.toMatchObject({ code: 'ServiceUnavailable' });
});

/** A bucket that refuses to read its one object. */
function refusing(error: AppError): ObjectStore {
  const get: ObjectStore['get'] = () => Promise.reject(error);
  return { get } as ObjectStore;
}

test.each([
  ['a policy denies it', new AppError('AccessDenied', 'no', { details: { ossCode: 'AccessDenied' } })],
  [
    'its KMS key is disabled',
    new AppError('InvalidRequest', 'no', { details: { ossCode: 'KmsKeyDisabled' } }),
  ],
])('an object is unreadable, and the fault its own, when %s', async (_, error) => {
  await expect(fetchSource(refusing(error), anEvent(), bounds)).rejects.toMatchObject({
    code: 'ObjectUnreadable',
    kind: 'permanent',
    cause: error,
  });
});

test.each([
  [
    'the region is wrong',
    new AppError('AccessDenied', 'no', { details: { endpoint: 'oss-cn-beijing.aliyuncs.com' } }),
  ],
  ['the access key is unknown', new AppError('InvalidAccessKeyId', 'no')],
  ['OSS fails', new AppError('ServiceUnavailable', 'no')],
])('an error that concerns every object is thrown as it is when %s', async (_, error) => {
  await expect(fetchSource(refusing(error), anEvent(), bounds)).rejects.toBe(error);
});
