import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isNotModified } from '../../../local/oss/http/conditions.ts';
import { readRange } from '../../../local/oss/http/range.ts';
import { openBucket, presignedPath, startOss, type TestOss } from './support.ts';

describe('readRange', () => {
  test.each([
    ['bytes=0-9', { start: 0, end: 10 }],
    ['bytes=5-5', { start: 5, end: 6 }],
    ['bytes=90-', { start: 90, end: 100 }],
    ['bytes=-10', { start: 90, end: 100 }],
    ['bytes=-200', { start: 0, end: 100 }],
    ['bytes=0-99', { start: 0, end: 100 }],
    ['bytes=0-100', undefined],
    ['bytes=100-', undefined],
    ['bytes=9-5', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=-0', undefined],
    ['bytes=-', undefined],
    ['items=0-1', undefined],
    [undefined, undefined],
  ])('the range %s of 100 bytes is read', (header, expected) => {
    expect(readRange(header, 100, false)).toEqual(expected);
  });

  test.each([
    ['bytes=0-100', { start: 0, end: 100 }],
    ['bytes=99-200', { start: 99, end: 100 }],
  ])('the range %s is clipped with standard behaviour', (header, expected) => {
    expect(readRange(header, 100, true)).toEqual(expected);
  });

  test.each(['bytes=100-', 'bytes=100-200', 'bytes=-0'])(
    'the range %s is refused with standard behaviour',
    (header) => {
      expect(() => readRange(header, 100, true)).toThrow('The requested range cannot be satisfied.');
    },
  );

  test('a range never exceeds the object', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.nat(20), (first, last, size) => {
        const range = readRange(`bytes=${first}-${last}`, size, false);

        if (range) expect(0 <= range.start && range.start < range.end && range.end <= size).toBe(true);
      }),
    );
  });
});

describe('isNotModified', () => {
  const version = { etag: 'ABC', lastModified: Date.parse('2026-01-01T00:00:00.900Z') };
  const at = new Date('2026-01-01T00:00:00Z').toUTCString();
  const before = new Date('2025-12-31T23:59:59Z').toUTCString();

  test.each([
    [{ match: '"ABC"' }, false],
    [{ match: '*' }, false],
    [{ noneMatch: '"ABC"' }, true],
    [{ noneMatch: 'x, "abc"' }, true],
    [{ noneMatch: 'x' }, false],
    [{ modifiedSince: at }, true],
    [{ modifiedSince: before }, false],
    [{ unmodifiedSince: at }, false],
    [{ modifiedSince: 'no date' }, false],
  ])('the conditions %j give %s', (conditions, expected) => {
    expect(isNotModified(conditions, version)).toBe(expected);
  });

  test.each([[{ match: 'x' }], [{ unmodifiedSince: before }]])('the conditions %j fail', (conditions) => {
    expect(() => isNotModified(conditions, version)).toThrow('At least one of the pre-conditions');
  });
});

describe('ranges of objects', () => {
  let oss: TestOss;
  let path: string;

  beforeAll(async () => {
    oss = await startOss();
    const { client, bucket } = await openBucket(oss);
    await client.put('a', Buffer.from('0123456789'));
    path = presignedPath({ bucket, key: 'a' });
  });
  afterAll(() => oss.close());

  test.each([
    ['bytes=2-4', {}, 206, '234', 'bytes 2-4/10'],
    ['bytes=2-40', {}, 200, '0123456789', undefined],
  ])('a range is answered: %s', async (range, headers, status, body, contentRange) => {
    const response = await oss.send({ path, headers: { range, ...headers } });

    expect(response.status).toBe(status);
    expect(response.body.toString()).toBe(body);
    expect(response.headers['content-range']).toBe(contentRange);
    expect(response.headers['content-length']).toBe(String(body.length));
  });
});
