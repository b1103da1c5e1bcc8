import pLimit from 'p-limit';
import type { ObjectStore } from '../oss/object-store.ts';
import type { ResultDocument } from './document.ts';
import { identityMetadata, type PublishedResult, publishedResult } from './identity.ts';
import type { ResultKeys } from './keys.ts';

/** Pictures that are stored beside the document, all JPEG. */
export interface Artifacts {
  readonly annotated?: Uint8Array;
  readonly redacted?: Uint8Array;
  /** In the order of the document's faces. */
  readonly crops: readonly Uint8Array[];
}

/** Requests of one picture at a time. A crowd of 300 has as many crops. */
const MAX_REQUESTS = 6;

/** The published result at `keys`. Costs one HEAD. */
export async function findPublished(
  store: ObjectStore,
  keys: ResultKeys,
  signal?: AbortSignal,
): Promise<PublishedResult | undefined> {
  const head = await store.head(keys.document, { signal });
  return head && publishedResult(head);
}

/** Writes the pictures. It can be repeated. */
export async function writeArtifacts(
  store: ObjectStore,
  keys: ResultKeys,
  { annotated, redacted, crops }: Artifacts,
  signal?: AbortSignal,
): Promise<void> {
  const limit = pLimit(MAX_REQUESTS);
  const put = (key: string, body: Uint8Array) =>
    limit(() => store.put(key, body, { contentType: 'image/jpeg', signal }));
  await Promise.all([
    annotated && put(keys.annotated, annotated),
    redacted && put(keys.redacted, redacted),
    ...crops.map((crop, index) => put(keys.crop(index), crop)),
  ]);
}

/** The commit point: once this returns, the write has its result. Then removes pictures of an earlier result. */
export async function writeDocument(
  store: ObjectStore,
  keys: ResultKeys,
  document: ResultDocument,
  previous: PublishedResult | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const crops = document.faces.filter((face) => face.crop !== undefined).length;
  await store.put(keys.document, Buffer.from(`${JSON.stringify(document, null, 2)}\n`), {
    contentType: 'application/json',
    metadata: identityMetadata(document.source, { faces: crops, failure: document.error?.code }),
    signal,
  });
  const stale: string[] = [];
  for (let index = crops; index < (previous?.faces ?? 0); index++) stale.push(keys.crop(index));
  if (previous && !document.artifacts.annotated) stale.push(keys.annotated);
  if (previous && !document.artifacts.redacted) stale.push(keys.redacted);
  const limit = pLimit(MAX_REQUESTS);
  await Promise.all(stale.map((key) => limit(() => store.delete(key))));
}

/** Removes every result of one source object, the document first. Resolves to the number of removed objects. */
export async function removeResults(
  store: ObjectStore,
  keys: ResultKeys,
  signal?: AbortSignal,
): Promise<number> {
  const found: string[] = [];
  const single = [keys.document, keys.annotated, keys.redacted];
  const heads = await Promise.all(single.map((key) => store.head(key, { signal })));
  for (const head of heads) if (head) found.push(head.key);
  for await (const { key } of store.list({ prefix: keys.crops, signal })) {
    // Another source object may have its results below this prefix: only crops of this one are removed.
    if (/^\d+\.jpg$/.test(key.slice(keys.crops.length))) found.push(key);
  }
  for (const key of found) await store.delete(key, { signal });
  return found.length;
}
