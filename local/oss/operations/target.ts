import type { OssContext } from '../context.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import { type BucketStore, noSuchBucket } from '../store/bucket.ts';
import type { ObjectRecord, ObjectVersion } from '../store/records.ts';

export function findBucket(name: string, oss: OssContext): BucketStore {
  const bucket = oss.store.find(name);
  if (!bucket) throw noSuchBucket(name);
  return bucket;
}

function noSuchKey(key: string, headers: Readonly<Record<string, string>> = {}): OssRefusal {
  return new OssRefusal('NoSuchKey', { elements: { Key: key }, headers });
}

/** The version that a request means. */
export function requestedVersion(request: OssRequest, record: ObjectRecord | undefined): ObjectVersion {
  return versionOf(record, request.key, checkVersionId(request.query.get('versionId') || undefined));
}

/** The version with that id, or the newest without an id. Throws for delete markers as OSS does. */
export function versionOf(
  record: ObjectRecord | undefined,
  key: string,
  versionId: string | undefined,
): ObjectVersion {
  if (versionId !== undefined) {
    const named = record?.versions.find(({ id }) => id === versionId);
    if (!named) throw new OssRefusal('NoSuchVersion', { elements: { Key: key, VersionId: versionId } });
    if (!named.deleteMarker) return named;
    throw new OssRefusal('MethodNotAllowed', {
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

/** Throws `InvalidArgument` for what no version id can be. sdk: `234` is refused, an unknown id of a version is not. */
export function checkVersionId(versionId: string | undefined): string | undefined {
  if (versionId === undefined || versionId === 'null' || /^CAE[\w-]{13,}$/.test(versionId)) return versionId;
  throw invalidArgument('versionId', versionId, 'Invalid version id specified');
}

/** `x-oss-version-id`, for buckets that are or were versioned. */
export function versionHeader(bucket: BucketStore, version: ObjectVersion): Record<string, string> {
  return bucket.record.versioning ? { 'x-oss-version-id': version.id } : {};
}
