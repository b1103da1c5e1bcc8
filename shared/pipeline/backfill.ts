import type { OssObjectEvent } from '../envelope/event.ts';
import { eventOf, uploadRecord } from '../envelope/record.ts';
import type { ObjectEntry, ObjectStore } from '../oss/object-store.ts';
import { readText } from '../oss/read-text.ts';
import { type ResultDocument, resultDocument } from '../results/document.ts';
import { fixedPrefix, resultKeys } from '../results/keys.ts';
import { parseJson } from '../runtime/json.ts';
import type { PipelineOptions } from './options.ts';
import { photoEvent } from './people/photos.ts';

/** Why an object is processed. */
export type BackfillReason = 'no-result' | 'older-engine';

export interface BackfillItem {
  readonly event: OssObjectEvent;
  readonly reason: BackfillReason;
}

export interface BackfillOptions {
  readonly source: ObjectStore;
  readonly results: ObjectStore;
  readonly region: string;
  readonly options: Pick<PipelineOptions, 'resultPrefix' | 'sourceSuffixes'>;
  /** Key prefix of the objects; inside the watched prefix. */
  readonly prefix: string;
  /** Lists objects after this key. */
  readonly after?: string;
  /** Also objects whose result another version of the engine made. Reads every document. */
  readonly engineVersion?: string;
  readonly signal?: AbortSignal;
}

/**
 * The objects that have no result, in key order, as the events that their uploads would have caused. The results are listed,
 * not read: 100,000 objects take seconds.
 */
export async function* findBackfill(options: BackfillOptions): AsyncGenerator<BackfillItem> {
  const { source, results, region, prefix, after, engineVersion, signal } = options;
  const { resultPrefix, sourceSuffixes } = options.options;
  const done = await documentKeys(results, resultPrefix, source.bucket, prefix, signal);
  for await (const entry of source.list({ prefix, after, signal })) {
    if (entry.key.endsWith('/') || !hasSuffix(entry.key, sourceSuffixes)) continue;
    const { document } = resultKeys(resultPrefix, { bucket: source.bucket, key: entry.key });
    if (!done.has(document)) {
      yield { event: photoEvent(source.bucket, region, entry), reason: 'no-result' };
      continue;
    }
    if (engineVersion === undefined) continue;
    const event = await olderEvent(
      results,
      document,
      entry,
      { region, bucket: source.bucket, engineVersion },
      signal,
    );
    if (event) yield { event, reason: 'older-engine' };
  }
}

async function documentKeys(
  results: ObjectStore,
  resultPrefix: string,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const keys = new Set<string>();
  const own = resultPrefix.includes('{bucket}') ? fixedPrefix(resultPrefix) : `${resultPrefix}${prefix}`;
  const inBucket = resultPrefix.replaceAll('{bucket}', bucket);
  for await (const { key } of results.list({ prefix: own, signal })) {
    if (key.endsWith('/faces.json') && key.startsWith(inBucket)) keys.add(key);
  }
  return keys;
}

/** The event of the write that the document describes, so that its faces keep their ids. */
async function olderEvent(
  results: ObjectStore,
  key: string,
  entry: ObjectEntry,
  { bucket, region, engineVersion }: { bucket: string; region: string; engineVersion: string },
  signal: AbortSignal | undefined,
): Promise<OssObjectEvent | undefined> {
  const read = await readText(results, key, signal);
  const content = read && parseJson(read.text);
  if (!resultDocument.safeParse(content).success) return undefined;
  const { engine, source } = content as ResultDocument;
  if (engine === undefined || engine.version === engineVersion) return undefined;
  // The object was written again since; its event is on its way.
  if (source.etag !== undefined && source.etag !== entry.etag) return undefined;
  const { requestId, eventTime } = source;
  const time = Date.parse(eventTime);
  const { size, etag } = entry;
  const record = uploadRecord({ bucket, key: entry.key, region, requestId, time, size, etag });
  return eventOf(record, { envelopes: [], index: 0 });
}

function hasSuffix(key: string, suffixes: readonly string[]): boolean {
  const lower = key.toLowerCase();
  return suffixes.length === 0 || suffixes.some((suffix) => lower.endsWith(suffix.toLowerCase()));
}
