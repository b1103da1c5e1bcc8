/** What an OSS operation did to an object, told to the event rules. */
export interface ObjectChange {
  /** `ObjectCreated:PutObject` and its like. */
  readonly eventName: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The `x-oss-request-id` of the operation. */
  readonly requestId: string;
  readonly sourceIp: string;
  /** Account id of the requester; empty when anonymous. */
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
  readonly versionId?: string | undefined;
  /** AppendObject only. */
  readonly position?: number | undefined;
  /** GetObject only: the first byte read, and the one after the last. */
  readonly read?: { readonly from: number; readonly to: number } | undefined;
  /** Custom variables of an upload callback, `x:name`. */
  readonly xVars?: Readonly<Record<string, string>> | undefined;
}

/** Says whether the events of a change reached MNS. */
export interface EventEmitterPort {
  /** Resolves when the events are durable; `unmatched` when no rule covers the change. Never rejects. */
  emit(change: ObjectChange): Promise<'published' | 'failed' | 'unmatched'>;
}
