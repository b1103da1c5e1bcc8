import type { ObjectHead } from '../oss/object-store.ts';
import type { ErrorCode } from '../runtime/errors.ts';

/**
 * The write that a result document belongs to. It is stored as metadata of the document, so reading it costs one HEAD. The
 * ETag is not part of it: it is an MD5, and two pictures can have the same.
 */
export interface WriteIdentity {
  readonly bucket: string;
  readonly key: string;
  readonly requestId: string;
  /** ISO 8601, UTC. */
  readonly eventTime: string;
}

export interface PublishedResult extends WriteIdentity {
  /** Number of crops that are stored beside the document. */
  readonly faces: number;
  /** The error code of a document without a result. */
  readonly failure?: string;
}

/** Failures that end without a new write of the object: another delivery of the event tries again. */
const CURABLE: ReadonlySet<string> = new Set(['ObjectArchived', 'ObjectUnreadable'] satisfies ErrorCode[]);

export function isCurable(failure: string | undefined): boolean {
  return failure !== undefined && CURABLE.has(failure);
}

/** Key and bucket are percent-encoded: metadata travels in headers. */
export function identityMetadata(
  identity: WriteIdentity,
  { faces = 0, failure }: { readonly faces?: number; readonly failure?: string },
): Record<string, string> {
  return {
    ...(failure !== undefined && { failure }),
    'source-bucket': identity.bucket,
    'source-key': encodeURIComponent(identity.key),
    'request-id': identity.requestId,
    'event-time': identity.eventTime,
    faces: String(faces),
  };
}

/** `undefined` when the object was not written by this project. */
export function publishedResult(head: ObjectHead): PublishedResult | undefined {
  const {
    'source-bucket': bucket,
    'source-key': key,
    'request-id': requestId,
    'event-time': eventTime,
  } = head.metadata;
  if (!bucket || !key || !requestId || !eventTime) return undefined;
  const { faces, failure } = head.metadata;
  return { bucket, key: decodeKey(key), requestId, eventTime, faces: Number(faces) || 0, failure };
}

/** The metadata of other programs may contain any text. */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export type Standing = 'new' | 'duplicate' | 'superseded';

/**
 * Compares a write with the published result. OSS gives event times in whole seconds, so two writes within one second
 * cannot be ordered: both count as new, and the object itself decides.
 */
export function standingOf(write: WriteIdentity, published: PublishedResult | undefined): Standing {
  if (!published || published.bucket !== write.bucket || published.key !== write.key) return 'new';
  if (published.requestId === write.requestId) return isCurable(published.failure) ? 'new' : 'duplicate';
  return Date.parse(published.eventTime) > Date.parse(write.eventTime) ? 'superseded' : 'new';
}
