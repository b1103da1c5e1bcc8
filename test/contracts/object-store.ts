import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { ListOptions, ObjectStore, PutOptions } from '../../shared/oss/object-store.ts';
import { toAppError } from '../../shared/runtime/errors.ts';

export interface OpenedStore {
  /** An empty bucket. Listings in pages of ten or less, where there are pages, keep the suite quick. */
  readonly store: ObjectStore;
  close(): Promise<void>;
}

export interface ObjectStoreTraits {
  /** Keys that what lies under the adapter cannot send; everything else of the suite holds. */
  readonly unsendable?: (key: string) => boolean;
  /** False for a client that cannot stop a request under way. */
  readonly stoppable?: boolean;
  /** A bucket that does not exist, where the adapter can name one. */
  readonly openMissing?: () => Promise<OpenedStore>;
}

/** Keys that went wrong in one client or server or another. */
const ODD_KEYS = [
  'plain.jpg',
  'a b.jpg',
  'a+b%20c%2Fd.jpg',
  '100%.jpg',
  "!'()*~_-.jpg",
  '?&=#;:@$,[]{}|^`"<>\\.jpg',
  '张伟/é😀.jpg',
  'e\u0301 and é',
  'a//b',
  'a/',
  'a/b/',
  '.',
  '..',
  'a/../b',
  'a/./b',
  '../escape',
  '.hidden',
  '.mnsoss/meta',
  'a/%2e%2e/b',
  'tab\tand\nnewline\r\u0001\u007f',
  'nul\u0000byte',
  `long/${'é'.repeat(500)}`,
  'x'.repeat(1023),
  `${'y'.repeat(200)}${'.'.repeat(400)}z`,
];

/** What every `ObjectStore` promises. */
export function objectStoreContract(
  name: string,
  open: () => Promise<OpenedStore>,
  { unsendable = () => false, stoppable = true, openMissing }: ObjectStoreTraits = {},
): void {
  describe(`${name} is an ObjectStore`, () => {
    const opened: OpenedStore[] = [];
    const prepare = async (): Promise<OpenedStore> => {
      const one = await open();
      opened.push(one);
      return one;
    };

    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    describe('put, head and get', () => {
      test(`${name} returns bytes and metadata`, async () => {
        const { store } = await prepare();
        const before = Math.floor(Date.now() / 1000) * 1000;

        const put = await store.put('a/b.jpg', bytes('hello'), { contentType: 'image/jpeg' });
        const head = await store.head('a/b.jpg');
        const read = await store.get('a/b.jpg');

        expect(put.etag).toBe(md5('hello'));
        expect(put.requestId).toMatch(/^[0-9A-F]{24}$/);
        expect(head).toMatchObject({
          key: 'a/b.jpg',
          size: 5,
          etag: md5('hello'),
          contentType: 'image/jpeg',
          metadata: {},
        });
        expect(head!.lastModified % 1000).toBe(0);
        expect(head!.lastModified).toBeGreaterThanOrEqual(before);
        expect(read.head).toEqual(head);
        expect((await buffer(read.body)).toString()).toBe('hello');
      });

      test(`${name} gives every write another request id`, async () => {
        const { store } = await prepare();

        const first = await store.put('k', bytes('same'));
        const second = await store.put('k', bytes('same'));

        expect(second.requestId).not.toBe(first.requestId);
      });

      test(`${name} uses application/octet-stream as the default type`, async () => {
        const { store } = await prepare();
        await store.put('picture.jpg', bytes('x'));

        const head = await store.head('picture.jpg');

        expect(head?.contentType).toBe('application/octet-stream');
      });

      test(`${name} keeps empty objects`, async () => {
        const { store } = await prepare();
        await store.put('bytes', new Uint8Array(0));
        await store.put('stream', Readable.from([]));

        for (const key of ['bytes', 'stream']) {
          const { head, body } = await store.get(key);
          expect(head).toMatchObject({ size: 0, etag: md5('') });
          expect(await buffer(body)).toHaveLength(0);
        }
      });

      test(`${name} streams five megabytes up and down`, async () => {
        const { store } = await prepare();
        const content = randomBytes(5 * 1024 * 1024);

        const put = await store.put('large', Readable.from(slices(content, 60_000), { objectMode: false }));
        const { head, body } = await store.get('large');
        const received = await buffer(body);

        expect(put.etag).toBe(md5(content));
        expect(head.size).toBe(content.length);
        expect(received.equals(content)).toBe(true);
      });

      test(`${name} keeps metadata in any script`, async () => {
        const { store } = await prepare();
        const metadata = { person: '张伟', note: 'é "q" <&> %41', 'with-hyphen': 'a=b; c' };
        await store.put('k', bytes('x'), { metadata });

        const head = await store.head('k');
        const { head: read, body } = await store.get('k');
        body.destroy();

        expect(head?.metadata).toEqual(metadata);
        expect(read.metadata).toEqual(metadata);
      });

      test(`${name} trims metadata, as headers are trimmed`, async () => {
        const { store } = await prepare();
        await store.put('k', bytes('x'), { metadata: { note: '  a  b ' } });

        const head = await store.head('k');

        expect(head?.metadata).toEqual({ note: 'a  b' });
      });

      test(`${name} replaces bytes, type and metadata together`, async () => {
        const { store } = await prepare();
        await store.put('k', bytes('old'), { contentType: 'text/plain', metadata: { a: '1' } });

        await store.put('k', bytes('newer'), { metadata: { b: '2' } });
        const head = await store.head('k');

        expect(head).toMatchObject({
          size: 5,
          etag: md5('newer'),
          contentType: 'application/octet-stream',
          metadata: { b: '2' },
        });
      });

      test(`${name} does not change when the buffer that was put changes`, async () => {
        const { store } = await prepare();
        const content = bytes('before');
        await store.put('k', content);

        content.fill(0);

        expect(await text(store, 'k')).toBe('before');
      });

      test.each(ODD_KEYS.filter((key) => !unsendable(key)))(`${name} keeps the key %j`, async (key) => {
        const { store } = await prepare();
        await store.put('neighbour', bytes('n'));

        await store.put(key, bytes(key));
        const head = await store.head(key);
        const content = await text(store, key);
        const keys = await keysOf(store);
        await store.delete(key);

        expect(head).toMatchObject({ key, etag: md5(key) });
        expect(content).toBe(key);
        expect(keys.sort()).toEqual([key, 'neighbour'].sort());
        await expect(keysOf(store)).resolves.toEqual(['neighbour']);
      });

      test(`${name} keeps keys apart that are one path in a file system`, async () => {
        const { store } = await prepare();
        const keys = ['a', 'a/', 'a//', 'a/b', 'a/b/c', 'a/b/', 'a%2Fb', 'a%f', 'a%'];

        for (const key of keys) await store.put(key, bytes(key));
        const contents = await Promise.all(keys.map((key) => text(store, key)));
        await store.delete('a/b');

        expect(contents).toEqual(keys);
        await expect(keysOf(store)).resolves.toEqual(keys.filter((key) => key !== 'a/b').sort());
        await store.put('a', bytes('a again'));
        expect(await text(store, 'a')).toBe('a again');
      });

      test(`${name} stores one whole object after concurrent puts to one key`, async () => {
        const { store } = await prepare();
        const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000 + index));

        await Promise.all(
          contents.map((content, index) =>
            store.put('contended', bytes(content), { metadata: { writer: String(index) } }),
          ),
        );
        const { head, body } = await store.get('contended');
        const content = (await buffer(body)).toString();

        expect(contents).toContain(content);
        expect(head.etag).toBe(md5(content));
        expect(head.metadata).toEqual({ writer: content[0] });
      });

      test(`${name} shows readers one whole object or the other while it is replaced`, async () => {
        const { store } = await prepare();
        const write = async (round: number) => {
          const content = String(round).repeat(50_000 + round);
          await store.put('busy', bytes(content), { metadata: { md5: md5(content) } });
        };
        await write(0);
        let writing = true;
        const read = async () => {
          const seen = [];
          while (writing) {
            const { head, body } = await store.get('busy');
            seen.push({ head, md5: md5(await buffer(body)) });
          }
          return seen;
        };

        const readers = [read(), read()];
        for (let round = 1; round < 10; round++) await write(round);
        writing = false;
        const seen = (await Promise.all(readers)).flat();

        expect(seen.length).toBeGreaterThan(0);
        for (const { head, md5 } of seen) expect(head).toMatchObject({ etag: md5, metadata: { md5 } });
      });

      test(`${name} keeps the old object when a streamed body fails`, async () => {
        const { store } = await prepare();
        await store.put('k', bytes('old'));
        const failing = Readable.from(
          (async function* () {
            yield bytes('half');
            throw new Error('the source broke');
          })(),
          { objectMode: false },
        );

        await expect(store.put('k', failing)).rejects.toThrow();

        expect(await text(store, 'k')).toBe('old');
        await expect(keysOf(store)).resolves.toEqual(['k']);
      });
    });

    describe('forbidOverwrite', () => {
      test(`${name} with forbidOverwrite writes a new object and rejects an existing one`, async () => {
        const { store } = await prepare();
        await store.put('k', bytes('first'), { forbidOverwrite: true });

        const second = store.put('k', bytes('second'), { forbidOverwrite: true });

        await expect(second).rejects.toMatchObject({ code: 'ObjectAlreadyExists' });
        expect(await text(store, 'k')).toBe('first');
      });

      test(`${name} with forbidOverwrite lets exactly one of many writers win`, async () => {
        const { store } = await prepare();

        const outcomes = await Promise.allSettled(
          Array.from({ length: 6 }, (_, index) =>
            store.put('once', bytes(`writer ${index}`), { forbidOverwrite: true }),
          ),
        );

        const winners = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
        expect(winners).toHaveLength(1);
        expect(await text(store, 'once')).toBe(`writer ${winners[0]}`);
        for (const outcome of outcomes)
          if (outcome.status === 'rejected')
            expect(outcome.reason).toMatchObject({ code: 'ObjectAlreadyExists' });
      });
    });

    describe('range', () => {
      test.each([
        [{ start: 0, end: 0 }, '0'],
        [{ start: 2, end: 4 }, '234'],
        [{ start: 7 }, '789'],
        [{ start: 8, end: 99 }, '89'],
      ])(`${name} returns the range %j`, async (range, expected) => {
        const { store } = await prepare();
        await store.put('digits', bytes('0123456789'));

        const { head, body } = await store.get('digits', { range });

        expect((await buffer(body)).toString()).toBe(expected);
        expect(head).toMatchObject({ size: 10, etag: md5('0123456789') });
      });

      test.each([{ start: 10 }, { start: 4, end: 2 }, { start: -1 }])(
        `${name} rejects the range %j`,
        async (range) => {
          const { store } = await prepare();
          await store.put('digits', bytes('0123456789'));

          const read = store.get('digits', { range });

          await expect(read).rejects.toMatchObject({ code: 'InvalidRequest' });
        },
      );
    });

    describe('what is not there', () => {
      test(`${name} has no head for a missing object, cannot read it, and may delete it`, async () => {
        const { store } = await prepare();

        await expect(store.head('absent')).resolves.toBeUndefined();
        await expect(store.get('absent')).rejects.toMatchObject({
          code: 'NoSuchKey',
          details: { bucket: store.bucket, key: 'absent' },
        });
        await expect(store.delete('absent')).resolves.toBeUndefined();
      });

      test(`${name} finds no versions in a bucket without versioning`, async () => {
        const { store } = await prepare();
        await store.put('k', bytes('x'));
        const versionId = 'CAEQNhiBgMDJgZCA0BYiIDc4MGZjZGI2OTBjOTRmNTE5NmU5NmFhZjhjYmY0';

        await expect(store.head('k', { versionId })).resolves.toBeUndefined();
        await expect(store.get('k', { versionId })).rejects.toMatchObject({ code: 'NoSuchKey' });
      });

      if (openMissing)
        test(`${name} reports a missing bucket`, async () => {
          const missing = await openMissing();
          opened.push(missing);

          for (const call of [
            () => missing.store.head('k'),
            () => missing.store.get('k'),
            () => missing.store.put('k', bytes('x')),
            () => missing.store.delete('k'),
            () => keysOf(missing.store),
          ])
            await expect(call()).rejects.toMatchObject({ code: 'NoSuchBucket' });
        });
    });

    describe('list', () => {
      test(`${name} lists all pages in the order of UTF-8 bytes`, async () => {
        const { store } = await prepare();
        const keys = Array.from({ length: 37 }, (_, index) => `n/${String(index).padStart(2, '0')}`);
        keys.push('a', 'B', 'é', '\u{1F600}', '\uFF5E', 'n', 'n/1/2', 'o');
        await inTurns(keys, (key) => store.put(key, bytes(key)));

        const listed = await entriesOf(store);

        const expected = [...keys].sort((left, right) =>
          Buffer.compare(Buffer.from(left), Buffer.from(right)),
        );
        expect(listed.map((entry) => entry.key)).toEqual(expected);
        const { size, etag, lastModified } = (await store.head('é'))!;
        expect(listed).toContainEqual({ key: 'é', size, etag, lastModified });
      });

      test(`${name} lists keys with a prefix and after a key`, async () => {
        const { store } = await prepare();
        for (const key of ['p', 'p/1', 'p/2 +%', 'p/3', 'q/1']) await store.put(key, bytes(key));

        const underPrefix = await keysOf(store, { prefix: 'p/' });
        const afterKey = await keysOf(store, { prefix: 'p/', after: 'p/1' });
        const afterOddKey = await keysOf(store, { after: 'p/2 +%' });
        const nothing = await keysOf(store, { prefix: 'r' });

        expect(underPrefix).toEqual(['p/1', 'p/2 +%', 'p/3']);
        expect(afterKey).toEqual(['p/2 +%', 'p/3']);
        expect(afterOddKey).toEqual(['p/3', 'q/1']);
        expect(nothing).toEqual([]);
      });

      test(`${name} allows a listing to be left early`, async () => {
        const { store } = await prepare();
        for (const key of ['a', 'b', 'c']) await store.put(key, bytes(key));

        const seen: string[] = [];
        for await (const entry of store.list()) {
          seen.push(entry.key);
          if (seen.length === 2) break;
        }

        expect(seen).toEqual(['a', 'b']);
      });
    });

    describe('a signal', () => {
      test(`${name} makes no call with an aborted signal`, async () => {
        const { store } = await prepare();
        await store.put('k', bytes('kept'));
        const signal = AbortSignal.abort();

        for (const call of [
          () => store.head('k', { signal }),
          () => store.get('k', { signal }),
          () => store.put('k', bytes('x'), { signal }),
          () => store.delete('k', { signal }),
          () => keysOf(store, { signal }),
        ])
          await expect(call()).rejects.toMatchObject({ code: 'Aborted' });
        expect(await text(store, 'k')).toBe('kept');
      });
    });

    if (stoppable)
      describe('a signal that fires meanwhile', () => {
        test(`${name} aborts a put that waits for its body, and keeps the old object`, async () => {
          const { store } = await prepare();
          await store.put('k', bytes('old'));
          const controller = new AbortController();
          const body = new Readable({ read() {} });
          body.push(bytes('half'));
          const put = store.put('k', body, { signal: controller.signal });

          controller.abort();

          await expect(put).rejects.toMatchObject({ code: 'Aborted' });
          expect(await text(store, 'k')).toBe('old');
        });

        test(`${name} aborts a read`, async () => {
          const { store } = await prepare();
          await store.put('k', randomBytes(3 * 1024 * 1024));
          const controller = new AbortController();
          const { body } = await store.get('k', { signal: controller.signal });

          controller.abort();
          const thrown = await buffer(body).then(
            () => undefined,
            (error: unknown) => toAppError(error).code,
          );

          expect(thrown).toBe('Aborted');
        });
      });

    describe('bounds', () => {
      test.each([
        ['an empty key', ''],
        ['a key of 1,024 bytes', 'é'.repeat(512)],
        ['a leading slash', '/k'],
        ['a leading backslash', '\\k'],
        ['a lone surrogate', 'k\ud800'],
      ])(`${name} rejects %s`, async (_what, key) => {
        const { store } = await prepare();

        for (const call of [
          () => store.put(key, bytes('x')),
          () => store.head(key),
          () => store.get(key),
          () => store.delete(key),
        ])
          await expect(call()).rejects.toMatchObject({ code: 'InvalidRequest' });
      });

      test.each<[string, PutOptions]>([
        ['a line break in metadata', { metadata: { note: 'a\r\nx-oss-object-acl: public-read' } }],
        ['a name in upper case', { metadata: { Note: 'x' } }],
        ['a name that is no token', { metadata: { 'a b': 'x' } }],
        ['more than 8 KB of metadata', { metadata: { note: 'x'.repeat(8192) } }],
        ['a line break in the content type', { contentType: 'image/jpeg\r\nx-oss-object-acl: public-read' }],
      ])(`${name} rejects %s`, async (_what, options) => {
        const { store } = await prepare();

        const put = store.put('k', bytes('x'), options);

        await expect(put).rejects.toMatchObject({ code: 'InvalidRequest' });
        await expect(store.head('k')).resolves.toBeUndefined();
      });
    });
  });
}

function bytes(content: string): Buffer {
  return Buffer.from(content);
}

function md5(content: string | Buffer): string {
  return createHash('md5').update(content).digest('hex').toUpperCase();
}

function* slices(content: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < content.length; start += size) yield content.subarray(start, start + size);
}

async function text(store: ObjectStore, key: string): Promise<string> {
  const { body } = await store.get(key);
  return (await buffer(body)).toString();
}

async function entriesOf(store: ObjectStore, options?: ListOptions) {
  const entries = [];
  for await (const entry of store.list(options)) entries.push(entry);
  return entries;
}

async function keysOf(store: ObjectStore, options?: ListOptions): Promise<string[]> {
  return (await entriesOf(store, options)).map((entry) => entry.key);
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += 8)
    await Promise.all(items.slice(start, start + 8).map(work));
}
