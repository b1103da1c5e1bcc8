import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ObjectStore } from '../../../shared/oss/object-store.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import type { Life } from './life.ts';

/** What an object holds, as a digest, or that there is none. */
type Content = string;
const ABSENT: Content = 'absent';

const PART = 100 * 1024;
const KEYS_PER_WRITER = 8;
const digest = (bytes: Uint8Array): Content => createHash('sha256').update(bytes).digest('hex');

export interface ObjectLoad {
  /** Writes keys of its own until the cloud dies. */
  write(life: Life, writer: number): Promise<void>;
  /** What is wrong with the objects that are there now. */
  faults(life: Life): Promise<string[]>;
  /** Request ids of writes that were acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
}

/**
 * Puts, multipart uploads and deletions over few keys, so that most writes replace something. An acknowledged write
 * leaves one content possible; one that broke leaves two, the old one and the new one, and never a part of either.
 */
export function createObjectLoad(bucket: string, random: Random): ObjectLoad {
  const possible = new Map<string, Set<Content>>();
  const acknowledged = new Set<string>();

  async function write(life: Life, writer: number): Promise<void> {
    const store = life.oss.bucket(bucket);
    life.sdk.useBucket(bucket);
    while (!life.ending()) {
      const key = `writer-${writer}/${Math.floor(random() * KEYS_PER_WRITER)}`;
      const before = possible.get(key) ?? new Set([ABSENT]);
      const { content, run } = choose(life, store, key);
      possible.set(key, new Set([...before, content]));
      try {
        const requestId = await run();
        possible.set(key, new Set([content]));
        if (requestId !== undefined) acknowledged.add(requestId);
      } catch (error) {
        if (!life.ending()) throw error;
      }
    }
  }

  function choose(life: Life, store: ObjectStore, key: string) {
    const dice = random();
    if (dice < 0.15) return { content: ABSENT, run: () => store.delete(key).then(() => undefined) };
    const bytes = someBytes(dice < 0.3 ? PART + random() * PART : random() * 32_768);
    const content = digest(bytes);
    if (dice < 0.3) return { content, run: () => uploadParts(life, key, bytes) };
    const body = dice < 0.6 ? bytes : Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)]);
    return { content, run: async () => (await store.put(key, body)).requestId };
  }

  function someBytes(size: number): Buffer {
    return Buffer.alloc(Math.floor(size), String(random()));
  }

  async function faults({ oss }: Life): Promise<string[]> {
    const store = oss.bucket(bucket);
    const found: string[] = [];
    for (const [key, contents] of possible) {
      const now = await read(store, key);
      if (!contents.has(now.content)) found.push(`${key}: ${now.content}, not ${[...contents].join(' or ')}`);
      if (now.md5 !== now.etag) found.push(`${key}: ETag ${now.etag}, but the MD5 is ${now.md5}`);
      possible.set(key, new Set([now.content]));
    }
    const listed: string[] = [];
    for await (const { key } of store.list()) listed.push(key);
    const expected = [...possible].filter(([, contents]) => !contents.has(ABSENT)).map(([key]) => key);
    if (listed.join() !== expected.sort().join()) found.push(`listed ${listed}, not ${expected}`);
    return found;
  }

  return { write, faults, acknowledged };
}

/** Two parts; gives the request id of the completion. */
async function uploadParts({ sdk }: Life, key: string, bytes: Buffer): Promise<string> {
  const { uploadId } = await sdk.initMultipartUpload(key);
  const parts: { number: number; etag: string }[] = [];
  const calls = sdk as unknown as {
    _uploadPart(key: string, id: string, number: number, data: object): Promise<{ etag: string }>;
  };
  for (const [index, part] of [bytes.subarray(0, PART), bytes.subarray(PART)].entries()) {
    const data = { stream: Readable.from([part]), size: part.length };
    const { etag } = await calls._uploadPart(key, uploadId, index + 1, data);
    parts.push({ number: index + 1, etag });
  }
  const completed = await sdk.completeMultipartUpload(key, uploadId, parts);
  return (completed.res as unknown as { headers: Record<string, string> }).headers['x-oss-request-id']!;
}

async function read(store: ObjectStore, key: string) {
  if (!(await store.head(key))) return { content: ABSENT, md5: '', etag: '' };
  const { head, body } = await store.get(key);
  const bytes = Buffer.concat(await body.toArray());
  // The ETag of a multipart object is none of its bytes.
  const md5 = createHash('md5').update(bytes).digest('hex').toUpperCase();
  return { content: digest(bytes), md5: head.etag.includes('-') ? head.etag : md5, etag: head.etag };
}
