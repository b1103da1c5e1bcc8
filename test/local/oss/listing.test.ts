import type AliOss from 'ali-oss';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf, openBucket, startOss, type TestOss, untyped } from './support.ts';

const KEYS = [
  'a',
  'a/',
  'a/1',
  'a/b/2',
  'a/b/3',
  'ab',
  'b/c',
  'b/c/d',
  'z',
  '\u00e9/x',
  '\uffee',
  '\u{1f600}/y',
];

interface Query {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
}

/** What a listing should hold, by the plainest means. */
function expectedListing({ prefix, delimiter, after }: Query): { objects: string[]; prefixes: string[] } {
  const sorted = [...KEYS].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const objects: string[] = [];
  const prefixes = new Set<string>();
  for (const key of sorted) {
    if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), Buffer.from(after)) <= 0) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut < 0) objects.push(key);
    else if (!after.startsWith(key.slice(0, cut + delimiter.length)))
      prefixes.add(key.slice(0, cut + delimiter.length));
  }
  return { objects, prefixes: [...prefixes] };
}

const query = fc.record({
  prefix: fc.constantFrom('', 'a', 'a/', 'a/b', 'b/', 'none', '\u00e9'),
  delimiter: fc.constantFrom('', '/', 'b'),
  after: fc.constantFrom('', 'a', 'a/', 'a/b/2', 'b/c', 'm', '\uffee', '\u{1f600}/'),
});

/** Without empty parameters: ali-oss signs them with V4 as the documents do not. */
function given(parameters: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).filter(([, value]) => value !== '' && value !== undefined),
  );
}

describe('object listings', () => {
  let oss: TestOss;
  let client: AliOss;

  beforeAll(async () => {
    oss = await startOss();
    ({ client } = await openBucket(oss));
    for (const key of KEYS) await client.put(key, Buffer.from(key));
  });
  afterAll(() => oss.close());

  test('the pages of a V1 listing together hold what one listing holds', async () => {
    await fc.assert(
      fc.asyncProperty(query, fc.integer({ min: 1, max: 4 }), async ({ prefix, delimiter, after }, size) => {
        const objects: string[] = [];
        const prefixes: string[] = [];

        let marker: string | undefined = after;
        while (marker !== undefined) {
          const page = await client.list(given({ prefix, delimiter, marker, 'max-keys': size }) as never, {});
          expect((page.objects?.length ?? 0) + (page.prefixes?.length ?? 0)).toBeLessThanOrEqual(size);
          objects.push(...(page.objects ?? []).map(({ name }) => name));
          prefixes.push(...(page.prefixes ?? []));
          marker = page.isTruncated ? page.nextMarker : undefined;
        }

        expect({ objects, prefixes }).toEqual(expectedListing({ prefix, delimiter, after }));
      }),
      { numRuns: 60 },
    );
  });

  test('the pages of a V2 listing together hold what one listing holds', async () => {
    await fc.assert(
      fc.asyncProperty(query, fc.integer({ min: 1, max: 4 }), async ({ prefix, delimiter, after }, size) => {
        const objects: string[] = [];
        const prefixes: string[] = [];

        let token: unknown;
        do {
          const page = await untyped(client).listV2!(
            given({ prefix, delimiter, 'start-after': after, 'max-keys': size, 'continuation-token': token }),
            {},
          );
          const found = (page.objects ?? []) as { name: string }[];
          const common = (page.prefixes ?? []) as string[];
          expect(page.keyCount).toBe(found.length + common.length);
          objects.push(...found.map(({ name }) => name));
          prefixes.push(...common);
          token = page.isTruncated ? page.nextContinuationToken : undefined;
        } while (token);

        expect({ objects, prefixes }).toEqual(expectedListing({ prefix, delimiter, after }));
      }),
      { numRuns: 60 },
    );
  });

  test('a listing encodes names on request', async () => {
    const page = await client.list({ prefix: '\u00e9', 'encoding-type': 'url', 'max-keys': 10 } as never, {});

    expect(page.objects.map(({ name }) => name)).toEqual(['%C3%A9%2Fx']);
  });

  test('a V2 listing names owners on request only', async () => {
    const plain = await untyped(client).listV2!({ 'max-keys': 1 }, {});
    const owned = await untyped(client).listV2!({ 'max-keys': 1, 'fetch-owner': 'true' }, {});

    expect((plain.objects as { owner: unknown }[])[0]?.owner).toBeNull();
    expect((owned.objects as { owner: unknown }[])[0]?.owner).toEqual({
      id: '1234567890123456',
      displayName: '1234567890123456',
    });
  });

  test.each(['1001', '-1', 'x'])('a listing with a page size of %s is refused', async (size) => {
    const error = await failureOf(client.list({ 'max-keys': size }, {}));

    expect(error).toMatchObject({ code: 'InvalidArgument', status: 400 });
  });

  test('a listing with an empty page is valid', async () => {
    const page = await client.list({ 'max-keys': 0 }, {});

    expect(page).toMatchObject({ objects: [], isTruncated: false });
  });
});
