import { OssError } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import type { OssServer } from '../server.ts';
import { type BucketStore, noSuchBucket } from '../store/bucket.ts';
import type { ObjectRecord, ObjectVersion } from '../store/records.ts';

export function bucketOf(request: OssRequest, oss: OssServer): BucketStore {
  return findBucket(request.bucket, oss);
}

export function findBucket(name: string, oss: OssServer): BucketStore {
  const bucket = oss.store.find(name);
  if (!bucket) throw noSuchBucket(name);
  return bucket;
}

function noSuchKey(key: string, headers: Readonly<Record<string, string>> = {}): OssError {
  return new OssError('NoSuchKey', { elements: { Key: key }, headers });
}

/** The version a request means: the one it names, else the newest. Throws for delete markers as OSS does. */
export function versionOf(
  record: ObjectRecord | undefined,
  key: string,
  versionId: string | undefined,
): ObjectVersion {
  if (versionId !== undefined) {
    const named = record?.versions.find(({ id }) => id === versionId);
    if (!named) throw new OssError('NoSuchVersion', { elements: { Key: key, VersionId: versionId } });
    if (!named.deleteMarker) return named;
    throw new OssError('MethodNotAllowed', {
      headers: { allow: 'DELETE', 'x-oss-delete-marker': 'true', 'x-oss-version-id': named.id },
    });
  }
  const newest = record?.versions[0];
  if (!newest) throw noSuchKey(key);
  if (newest.deleteMarker) {
    throw noSuchKey(key, { 'x-oss-delete-marker': 'true', 'x-oss-version-id': newest.id });
  }
  return newest;
}

/** `x-oss-version-id`, on buckets that are or were versioned. */
export function versionHeader(bucket: BucketStore, version: ObjectVersion): Record<string, string> {
  return bucket.record.versioning ? { 'x-oss-version-id': version.id } : {};
}
