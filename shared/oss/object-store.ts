import type { Readable } from 'node:stream';

/** What OSS returns about an object without its bytes. */
export interface ObjectHead {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Upper-case hex without quotes; multipart objects end in `-<parts>`. */
  readonly etag: string;
  /** Milliseconds since the epoch, in whole seconds. */
  readonly lastModified: number;
  readonly contentType: string;
  /** Only on versioned buckets. */
  readonly versionId?: string;
  /** `x-oss-meta-*` without the prefix; names are lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectRead {
  readonly head: ObjectHead;
  /** The caller must read it to its end or destroy it. */
  readonly body: Readable;
}

export interface GetOptions {
  readonly versionId?: string;
  /** First and last byte, both inclusive. */
  readonly range?: { readonly start: number; readonly end?: number };
  readonly signal?: AbortSignal;
}

export interface PutOptions {
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Fails with `ObjectAlreadyExists` instead of replacing an object. */
  readonly forbidOverwrite?: boolean;
  readonly signal?: AbortSignal;
}

export interface PutResult {
  readonly etag: string;
  readonly requestId: string;
  readonly versionId?: string;
}

export interface ObjectEntry {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
}

export interface ListOptions {
  readonly prefix?: string;
  /** Lists keys after this one, in UTF-8 byte order. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/**
 * One bucket. Every adapter passes `test/contracts/object-store.ts`.
 *
 * Errors are `AppError`: `NoSuchKey`, `NoSuchBucket`, `AccessDenied`, `ObjectAlreadyExists`, and the
 * transient ones after the adapter's own retries.
 */
export interface ObjectStore {
  readonly bucket: string;
  /** `undefined` when there is no such object. */
  head(key: string, options?: { versionId?: string; signal?: AbortSignal }): Promise<ObjectHead | undefined>;
  /** Throws `NoSuchKey` when there is no such object. */
  get(key: string, options?: GetOptions): Promise<ObjectRead>;
  /** Atomic: after a failed put the old object is still there. */
  put(key: string, body: Uint8Array | Readable, options?: PutOptions): Promise<PutResult>;
  /** Succeeds also when there is no such object. */
  delete(key: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** In UTF-8 byte order of the keys; pages are fetched as they are consumed. */
  list(options?: ListOptions): AsyncIterable<ObjectEntry>;
}

/** Opens the bucket that an event names. The pipeline gets this instead of a store. */
export type OpenBucket = (bucket: string, region?: string) => ObjectStore;
