import { createHash } from 'node:crypto';
import type { ObjectChange } from '../../events/object-change.ts';
import { accountOf } from '../auth/caller.ts';
import type { OssContext } from '../context.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import { newVersionId } from '../ids.ts';
import type { Blob } from '../store/blobs.ts';
import type { BucketStore } from '../store/bucket.ts';
import {
  currentVersion,
  type ObjectRecord,
  type ObjectVersion,
  type Segment,
  type VersioningStatus,
} from '../store/records.ts';

/** doc: 5 GB for one upload or one part. */
export const MAX_UPLOAD = 5 * 1024 ** 3;

/** Streams the body of a request to disk and checks it against its announced length and MD5. */
export async function receiveBlob(request: OssRequest, bucket: BucketStore): Promise<Blob> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (length === undefined && encoding === undefined) throw new OssRefusal('MissingContentLength');
  const tooLarge = () =>
    new OssRefusal('EntityTooLarge', { elements: { MaxSizeAllowed: String(MAX_UPLOAD) } });
  if (Number(length) > MAX_UPLOAD) throw tooLarge();
  const blob = await bucket.write(request.key, request.body, (size) => {
    if (size > MAX_UPLOAD) throw tooLarge();
  });
  await checkDigest(request.headers['content-md5'], blob, bucket);
  return blob;
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

/** The fields of a version that come from bytes received in one piece. */
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

/** doc: not the formula of S3: the MD5 of the parts' ETags as upper-case hex text. */
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
 * Makes a version the newest of its key. With `x-oss-forbid-overwrite: true` it fails with `FileAlreadyExists` when
 * there is one, except on versioned buckets, where nothing would be lost (doc).
 */
export function writeVersion(
  request: OssRequest,
  oss: OssContext,
  bucket: BucketStore,
  make: NewVersion | ((current: ObjectRecord | undefined) => NewVersion | Promise<NewVersion>),
  fresh: readonly Segment[] = [],
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
        // doc: appended bytes belong to the version `null`, also on versioned buckets.
        ...newIdentity(oss, made.type === 'Appendable' ? undefined : versioning),
        deleteMarker: false,
      };
      return {
        versions: withNewest(record, version),
        result: { version, deltaSize: version.size - (before?.size ?? 0) },
      };
    },
    fresh,
  );
}

export function newIdentity(oss: OssContext, versioning: VersioningStatus | undefined) {
  const lastModified = oss.clock.now();
  return { id: versioning === 'Enabled' ? newVersionId(oss.random, lastModified) : 'null', lastModified };
}

/** The new version, and the old ones but the one it replaces: that of the same id, which can only be `null`. */
export function withNewest(record: ObjectRecord | undefined, version: ObjectVersion): ObjectVersion[] {
  return [version, ...(record?.versions ?? []).filter(({ id }) => id !== version.id)];
}

function isOverwriteForbidden(request: OssRequest): boolean {
  const value = request.headers['x-oss-forbid-overwrite'] ?? 'false';
  if (value !== 'true' && value !== 'false') throw invalidArgument('x-oss-forbid-overwrite', value);
  return value === 'true';
}

/** An event about the key of the request. */
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

/** The event of a version that was written. */
export function createdChange(
  request: OssRequest,
  bucket: BucketStore,
  operation: string,
  { version, deltaSize }: Written,
  more: Partial<Pick<ObjectChange, 'position' | 'xVars'>> = {},
): ObjectChange {
  return changeOf(request, bucket, `ObjectCreated:${operation}`, {
    size: version.size,
    deltaSize,
    etag: version.etag,
    versionId: bucket.record.versioning && version.id,
    ...more,
  });
}
