/** A change of an object by an OSS operation. */
export interface ObjectChange {
  /** Such as `ObjectCreated:PutObject`. */
  readonly eventName: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The `x-oss-request-id` of the operation. */
  readonly requestId: string;
  readonly sourceIp: string;
  /** Account id of the requester; empty if anonymous. */
  readonly requesterId: string;
  /** Account id of the bucket's owner. */
  readonly ownerId: string;
  readonly bucket: string;
  readonly key: string;
  /** Bytes after the operation. */
  readonly size: number;
  /** Bytes by which the object grew. */
  readonly deltaSize: number;
  /** Without quotes. */
  readonly etag: string;
  readonly versionId?: string;
  /** AppendObject only. */
  readonly position?: number;
  /** GetObject only: the first byte read, and the one after the last. */
  readonly read?: { readonly from: number; readonly to: number };
  /** Custom variables of an upload callback, `x:name`. */
  readonly xVars?: Readonly<Record<string, string>>;
}

/** Publishes the events of a change. */
export interface EventPublisher {
  /** Resolves when the events are durable; `unmatched` if no rule covers the change. Never rejects. */
  emit(change: ObjectChange): Promise<'published' | 'failed' | 'unmatched'>;
}
