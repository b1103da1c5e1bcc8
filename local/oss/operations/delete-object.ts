import { createHash } from 'node:crypto';
import { MAX_KEYS_PER_REQUEST } from '../../../shared/oss/limits.ts';
import { childrenOf, childText } from '../../../shared/runtime/xml.ts';
import type { ObjectChange } from '../../rules/change.ts';
import { authorize } from '../auth/authorize.ts';
import { OssError } from '../errors.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import { malformedXml, type OssRequest, parseDocument, readText } from '../http/request.ts';
import type { OssServer } from '../server.ts';
import type { BucketStore } from '../store/bucket.ts';
import { currentVersion, type ObjectVersion } from '../store/records.ts';
import { bucketOf } from './target.ts';
import { changeOf, newIdentity, withNewest } from './write-object.ts';

/** 204 also when there is nothing to delete. */
export async function deleteObject(request: OssRequest, oss: OssServer): Promise<Reply> {
  const bucket = bucketOf(request, oss);
  const deleted = await deleteVersion(request.key, request.query.get('versionId'), bucket, oss);
  return {
    status: 204,
    headers: {
      'x-oss-version-id': deleted.versionId,
      'x-oss-delete-marker': deleted.deleteMarker ? 'true' : undefined,
    },
    changes: removedChange(request, bucket, 'DeleteObject', request.key, deleted),
  };
}

export async function deleteObjects(request: OssRequest, oss: OssServer): Promise<Reply> {
  const bucket = bucketOf(request, oss);
  const { objects, quiet } = await readOrder(request);
  for (const { key } of objects) {
    authorize({ ...request, key }, { access: 'write', action: 'oss:DeleteObject' }, bucket);
  }
  const results: (Deleted & { key: string })[] = [];
  for (const { key, versionId } of objects) {
    results.push({ key, ...(await deleteVersion(key, versionId, bucket, oss)) });
  }
  const changes = results.flatMap((deleted) =>
    removedChange(request, bucket, 'DeleteObjects', deleted.key, deleted),
  );
  if (quiet) return { status: 200, changes };
  const encoded = request.query.get('encoding-type') === 'url';
  return xmlReply(
    'DeleteResult',
    {
      EncodingType: encoded ? 'url' : undefined,
      Deleted: results.map(({ key, requested, deleteMarker, versionId }) => ({
        Key: encoded ? encodeURIComponent(key) : key,
        VersionId: requested,
        DeleteMarker: deleteMarker || undefined,
        DeleteMarkerVersionId: deleteMarker ? versionId : undefined,
      })),
    },
    { changes },
  );
}

interface Deleted {
  /** The version id the request named. */
  readonly requested: string | undefined;
  /** The version that was removed, or the marker that was set. */
  readonly versionId: string | undefined;
  /** Whether a marker was set, or one was removed. */
  readonly deleteMarker: boolean;
  /** The bytes that are gone; a marker leaves them. */
  readonly removed: ObjectVersion | undefined;
}

/** Removes a version by its id; without one the newest, behind a delete marker on versioned buckets. */
function deleteVersion(
  key: string,
  requested: string | undefined,
  bucket: BucketStore,
  oss: OssServer,
): Promise<Deleted> {
  return bucket.edit<Deleted>(key, (record) => {
    const versions = record?.versions ?? [];
    if (requested !== undefined) {
      const named = versions.find(({ id }) => id === requested);
      return {
        versions: named ? versions.filter((version) => version !== named) : versions,
        result: {
          requested,
          versionId: requested,
          deleteMarker: named?.deleteMarker ?? false,
          removed: named?.deleteMarker ? undefined : named,
        },
      };
    }
    const { versioning } = bucket.record;
    if (!versioning) {
      return {
        versions: [],
        result: { requested, versionId: undefined, deleteMarker: false, removed: currentVersion(record) },
      };
    }
    const marker = markerOf(newIdentity(oss, versioning));
    return {
      versions: withNewest(record, marker),
      result: { requested, versionId: marker.id, deleteMarker: true, removed: undefined },
    };
  });
}

function markerOf(identity: Pick<ObjectVersion, 'id' | 'lastModified'>): ObjectVersion {
  return {
    ...identity,
    deleteMarker: true,
    type: 'Normal',
    segments: [],
    size: 0,
    etag: '',
    crc64: '0',
    headers: {},
    metadata: {},
    tags: [],
    acl: 'default',
    storageClass: 'Standard',
  };
}

/** doc: setting a delete marker fires nothing. guess: nor does deleting what is not there. */
function removedChange(
  request: OssRequest,
  bucket: BucketStore,
  operation: string,
  key: string,
  { removed }: Deleted,
): ObjectChange[] {
  if (!removed) return [];
  return [
    changeOf(request, bucket, `ObjectRemoved:${operation}`, {
      key,
      // doc: the size after the operation.
      size: 0,
      deltaSize: -removed.size,
      etag: removed.etag,
      versionId: bucket.record.versioning && removed.id,
    }),
  ];
}

async function readOrder(request: OssRequest) {
  const text = await readText(request);
  const digest = request.headers['content-md5'];
  if (digest !== undefined && digest !== createHash('md5').update(text).digest('base64')) {
    throw new OssError('InvalidDigest', {
      message: 'The Content-MD5 you specified did not match what we received.',
      elements: { ExpectedDigest: digest },
    });
  }
  const document = parseDocument(text, 'Delete');
  const encoded = request.query.get('encoding-type') === 'url';
  const objects = childrenOf(document, 'Object').map((object) => {
    const key = childText(object, 'Key');
    if (!key) throw malformedXml('an Object has no Key');
    return {
      key: encoded ? decodeURIComponent(key) : key,
      versionId: childText(object, 'VersionId') || undefined,
    };
  });
  if (objects.length === 0 || objects.length > MAX_KEYS_PER_REQUEST) {
    throw malformedXml(`expected 1 to ${MAX_KEYS_PER_REQUEST} objects, got ${objects.length}`);
  }
  return { objects, quiet: childText(document, 'Quiet') === 'true' };
}
