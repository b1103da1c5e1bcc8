import { createHash } from 'node:crypto';
import type { ObjectChange } from '../../events/object-change.ts';
import { accountOf } from '../auth/caller.ts';
import type { OssContext } from '../context.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import { newVersionId } from '../ids.ts';
import type { Blob } from '../store/blobs.ts';
import type { BucketStore, EditOptions } from '../store/bucket.ts';
import {
  currentVersion,
  type ObjectRecord,
  type ObjectTemplate,
  type ObjectVersion,
  type VersioningStatus,
} from '../store/records.ts';

/** doc: 5 GB per upload or part. */
export const MAX_UPLOAD_BYTES = 5 * 1024 ** 3;

/** Streams the body of a request to disk and checks it against its announced length and MD5. */
export async function receiveBlob(request: OssRequest, bucket: BucketStore): Promise<Blob> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (length === undefined && encoding === undefined) throw new OssRefusal('MissingContentLength');
  checkSize(Number(length), MAX_UPLOAD_BYTES);
  const blob = await bucket.write(request.key, request.body, (size) => checkSize(size, MAX_UPLOAD_BYTES));
  await checkDigest(request.headers['content-md5'], blob, bucket);
  return blob;
}

export function checkSize(size: number, max: number): void {
  if (size > max) throw new OssRefusal('EntityTooLarge', { elements: { MaxSizeAllowed: String(max) } });
}

async function checkDigest(expected: string | undefined, blob: Blob, bucket: BucketStore): Promise<void> {
  const actual = blob.md5.toString('base64');
  if (expected === undefined || expected === actual) return;
  await bucket.discard([blob.segment]);
  const malformed = Buffer.from(expected, 'base64').length !== 16;
  throw new OssRefusal('InvalidDigest', {
    message: malformed
      ? 'The Content-MD5 you specified is not valid.'
      : 'The Content-MD5 you specified did not match what we received.',
    elements: { ExpectedDigest: expected, CalculatedDigest: actual },
  });
}

/** The fields of a version whose bytes were received in one piece. */
export function fromBlob(blob: Blob) {
  return {
    type: 'Normal',
    segments: [blob.segment],
    size: blob.segment.size,
    etag: blob.md5.toString('hex').toUpperCase(),
    crc64: String(blob.crc64),
    contentMd5: blob.md5.toString('base64'),
  } as const;
}

/** doc: unlike S3, the MD5 of the parts' ETags as upper-case hex text. */
export function multipartEtag(partEtags: readonly string[]): string {
  const digest = createHash('md5').update(partEtags.join('')).digest('hex').toUpperCase();
  return `${digest}-${partEtags.length}`;
}

export type NewVersion = Omit<ObjectVersion, 'id' | 'deleteMarker' | 'lastModified'>;

export interface Written {
  readonly version: ObjectVersion;
  /** Bytes by which the object grew. */
  readonly deltaSize: number;
}

/**
 * Adds the newest version of a key. With `x-oss-forbid-overwrite: true` it fails with `FileAlreadyExists` if there is
 * one. doc: except in versioned buckets, where nothing would be lost.
 */
export function writeVersion(
  request: OssRequest,
  oss: OssContext,
  bucket: BucketStore,
  make: NewVersion | ((current: ObjectRecord | undefined) => NewVersion | Promise<NewVersion>),
  options: EditOptions = {},
): Promise<Written> {
  return bucket.edit(
    request.key,
    async (record) => {
      const { versioning } = bucket.record;
      const before = currentVersion(record);
      if (isOverwriteForbidden(request) && before && versioning !== 'Enabled') {
        throw new OssRefusal('FileAlreadyExists', { elements: { Key: request.key } });
      }
      const made = typeof make === 'function' ? await make(record) : make;
      const version: ObjectVersion = {
        ...made,
        ...newIdentity(oss, versioning),
        // sdk: a later append changes the version that the first one made.
        ...(made.type === 'Appendable' && before && { id: before.id }),
        deleteMarker: false,
      };
      return {
        versions: withNewest(record, version),
        result: { version, deltaSize: version.size - (before?.size ?? 0) },
      };
    },
    options,
  );
}

/** Writes bytes that were received in one piece as the newest version. */
export function writeBlob(
  request: OssRequest,
  oss: OssContext,
  bucket: BucketStore,
  template: ObjectTemplate,
  blob: Blob,
): Promise<Written> {
  return writeVersion(request, oss, bucket, { ...template, ...fromBlob(blob) }, { fresh: [blob.segment] });
}

export function newIdentity(oss: OssContext, versioning: VersioningStatus | undefined) {
  const lastModified = oss.clock.now();
  return { id: versioning === 'Enabled' ? newVersionId(oss.random, lastModified) : 'null', lastModified };
}

/** The new version and the old ones, without the one that it replaces: that of the same id, which is `null`. */
export function withNewest(record: ObjectRecord | undefined, version: ObjectVersion): ObjectVersion[] {
  return [version, ...(record?.versions ?? []).filter(({ id }) => id !== version.id)];
}

function isOverwriteForbidden(request: OssRequest): boolean {
  const value = request.headers['x-oss-forbid-overwrite'] ?? 'false';
  if (value !== 'true' && value !== 'false') throw invalidArgument('x-oss-forbid-overwrite', value);
  return value === 'true';
}

/** A change of the key of the request. */
export function changeOf(
  request: OssRequest,
  bucket: BucketStore,
  eventName: string,
  object: Pick<ObjectChange, 'size' | 'deltaSize' | 'etag'> &
    Partial<Pick<ObjectChange, 'key' | 'versionId' | 'position' | 'read' | 'xVars'>>,
): ObjectChange {
  return {
    eventName,
    time: request.time,
    requestId: request.id,
    sourceIp: request.sourceIp,
    requesterId: accountOf(request.caller),
    ownerId: bucket.record.ownerId,
    bucket: request.bucket,
    key: request.key,
    ...object,
  };
}

/** A change that concerns a version. */
export function versionChange(
  request: OssRequest,
  bucket: BucketStore,
  eventName: string,
  { id, size, etag }: ObjectVersion,
  more: Partial<ObjectChange> = {},
): ObjectChange {
  const versionId = bucket.record.versioning && id;
  return changeOf(request, bucket, eventName, { size, deltaSize: 0, etag, versionId, ...more });
}

/** The change of a version that was written. */
export function createdChange(
  request: OssRequest,
  bucket: BucketStore,
  operation: string,
  { version, deltaSize }: Written,
  more: Partial<Pick<ObjectChange, 'position' | 'xVars'>> = {},
): ObjectChange {
  return versionChange(request, bucket, `ObjectCreated:${operation}`, version, { deltaSize, ...more });
}
