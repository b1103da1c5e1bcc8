import { createHash } from 'node:crypto';
import { MAX_KEYS_PER_REQUEST } from '../../../shared/oss/limits.ts';
import { childrenOf, childText } from '../../../shared/runtime/xml.ts';
import type { ObjectChange } from '../../events/object-change.ts';
import { authorize } from '../auth/authorize.ts';
import type { OssContext } from '../context.ts';
import { OssRefusal } from '../errors.ts';
import { xmlReply } from '../http/reply.ts';
import { malformedXml, type OssRequest, parseDocument, readText } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import { currentVersion, type ObjectVersion } from '../store/records.ts';
import type { Operation } from './operation.ts';
import { checkVersionId } from './target.ts';
import { newIdentity, versionChange, withNewest } from './write-object.ts';

/** Also answers 204 if there is nothing to delete. */
export const deleteObject: Operation = async (request, bucket, oss) => {
  const versionId = checkVersionId(request.query.get('versionId') || undefined);
  const deleted = await deleteVersion(request.key, versionId, bucket, oss);
  return {
    status: 204,
    headers: {
      'x-oss-version-id': deleted.versionId,
      'x-oss-delete-marker': deleted.deleteMarker ? 'true' : undefined,
    },
    changes: removedChange(request, bucket, 'DeleteObject', request.key, deleted),
  };
};

export const deleteObjects: Operation = async (request, bucket, oss) => {
  const { objects, quiet } = await readDeletion(request);
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
  const encoded = wantsEncodedKeys(request);
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
};

interface Deleted {
  /** The version id in the request. */
  readonly requested: string | undefined;
  /** The version that was deleted, or the delete marker that was added. */
  readonly versionId: string | undefined;
  /** Whether a delete marker was added or deleted. */
  readonly deleteMarker: boolean;
  /** The version whose bytes were deleted; a delete marker keeps them. */
  readonly removed: ObjectVersion | undefined;
}

/** Deletes the version with the requested id; without an id, the object, or in a versioned bucket adds a delete marker. */
function deleteVersion(
  key: string,
  requested: string | undefined,
  bucket: BucketStore,
  oss: OssContext,
): Promise<Deleted> {
  return bucket.edit<Deleted>(key, (record) => {
    const versions = record?.versions ?? [];
    if (requested !== undefined) {
      const named = versions.find(({ id }) => id === requested);
      return {
        versions: named ? versions.filter((version) => version !== named) : versions,
        result: {
          requested,
          // sdk: an object without versions answers none.
          versionId: bucket.record.versioning && requested,
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

/** doc: adding a delete marker causes no event. guess: nor does deleting an object that does not exist. */
function removedChange(
  request: OssRequest,
  bucket: BucketStore,
  operation: string,
  key: string,
  { removed }: Deleted,
): ObjectChange[] {
  if (!removed) return [];
  // doc: the size is that after the operation.
  const after = { key, size: 0, deltaSize: -removed.size };
  return [versionChange(request, bucket, `ObjectRemoved:${operation}`, removed, after)];
}

/** doc: concerns the keys of the answer alone. sdk: the Java SDK sends it as a header. */
function wantsEncodedKeys({ query, headers }: OssRequest): boolean {
  return (query.get('encoding-type') ?? headers['encoding-type'])?.toLowerCase() === 'url';
}

async function readDeletion(request: OssRequest) {
  const text = await readText(request);
  const digest = request.headers['content-md5'];
  if (digest !== undefined && digest !== createHash('md5').update(text).digest('base64')) {
    throw new OssRefusal('InvalidDigest', {
      message: 'The Content-MD5 you specified did not match what we received.',
      elements: { ExpectedDigest: digest },
    });
  }
  const document = parseDocument(text, 'Delete');
  const objects = childrenOf(document, 'Object').map((object) => {
    const key = childText(object, 'Key');
    if (!key) throw malformedXml('an Object has no Key');
    return {
      key,
      versionId: checkVersionId(childText(object, 'VersionId') || undefined),
    };
  });
  if (objects.length === 0 || objects.length > MAX_KEYS_PER_REQUEST) {
    throw malformedXml(`expected 1 to ${MAX_KEYS_PER_REQUEST} objects, got ${objects.length}`);
  }
  return { objects, quiet: childText(document, 'Quiet') === 'true' };
}
