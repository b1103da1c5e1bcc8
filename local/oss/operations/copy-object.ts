import { percentDecode } from '../../http/decode.ts';
import { authorize } from '../auth/authorize.ts';
import type { OssContext } from '../context.ts';
import { invalidArgument } from '../errors.ts';
import { conditionsOf, isNotModified } from '../http/conditions.ts';
import { xmlReply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { checkKey } from '../names.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectTemplate, ObjectVersion } from '../store/records.ts';
import { isoSeconds } from './list-objects.ts';
import { checkReadable } from './object-headers.ts';
import type { Operation } from './operation.ts';
import { uploadHeaders } from './put-object.ts';
import { resolveSymlink } from './symlink.ts';
import { checkVersionId, findBucket, versionOf } from './target.ts';
import {
  metadataOf,
  parseStorageClass,
  parseTagging,
  readObjectAcl,
  storedHeaders,
  templateOf,
} from './template.ts';
import {
  checkSize,
  createdChange,
  versionChange,
  type Written,
  writeBlob,
  writeVersion,
} from './write-object.ts';

/** doc: larger objects have to be copied in parts. */
const MAX_COPY_BYTES = 1024 ** 3;

export const copyObject: Operation = async (request, bucket, oss) => {
  checkKey(request.key);
  const source = readCopySource(request, oss);
  if (isNotModified(conditionsOf(request.headers, 'x-oss-copy-source-'), source.version))
    return { status: 304 };
  checkSize(source.version.size, MAX_COPY_BYTES);
  const onItself = source.bucket === bucket && source.key === request.key && !source.versionId;
  const template = templateOfCopy(request, bucket, source.version, onItself);
  const written = await writeCopy(request, oss, bucket, template, source.own);
  const { version } = written;
  // guess: a copy onto itself changes only attributes; the API has no other way to change them.
  const { deltaSize } = written;
  const change = onItself
    ? versionChange(request, bucket, 'ObjectModified:UpdateObjectMeta', version, { deltaSize })
    : createdChange(request, bucket, 'CopyObject', written);
  return xmlReply(
    'CopyObjectResult',
    { ETag: `"${version.etag}"`, LastModified: isoSeconds(version.lastModified) },
    {
      headers: {
        ...uploadHeaders(bucket, version),
        'content-md5': undefined,
        'x-oss-copy-source-version-id': source.bucket.record.versioning && source.version.id,
      },
      changes: [change],
    },
  );
};

/** doc: the copy of a symbolic link is a link to the same target. */
async function writeCopy(
  request: OssRequest,
  oss: OssContext,
  bucket: BucketStore,
  template: ObjectTemplate,
  { segments, size, etag, crc64, symlinkTarget }: ObjectVersion,
): Promise<Written> {
  if (symlinkTarget !== undefined) {
    const link = { type: 'Symlink', segments: [], size: 0, etag, crc64, symlinkTarget } as const;
    return writeVersion(request, oss, bucket, { ...template, ...link });
  }
  return writeBlob(request, oss, bucket, template, await bucket.copy(request.key, segments, 0, size));
}

export interface CopySource {
  readonly bucket: BucketStore;
  readonly key: string;
  readonly versionId: string | undefined;
  /** The target if the object is a symbolic link. */
  readonly version: ObjectVersion;
  /** The object itself. */
  readonly own: ObjectVersion;
}

/** Reads `x-oss-copy-source`, and checks that the caller may read what it names. */
export function readCopySource(request: OssRequest, oss: OssContext): CopySource {
  const header = request.headers['x-oss-copy-source'] ?? '';
  const match = /^\/?([^/]+)\/([^?]+)(?:\?versionId=([^&]+))?$/.exec(header);
  const refuse = () => invalidArgument('x-oss-copy-source', header);
  if (!match) throw refuse();
  const bucket = findBucket(match[1]!, oss);
  const key = percentDecode(match[2]!.replaceAll('+', ' '), refuse);
  const versionId = checkVersionId(match[3]);
  authorize({ ...request, bucket: match[1]!, key }, { access: 'read', action: 'oss:GetObject' }, bucket);
  const own = versionOf(bucket.find(key), key, versionId);
  const version = resolveSymlink(own, bucket);
  checkReadable(version, oss);
  return { bucket, key, versionId, version, own };
}

/**
 * sdk: ali-oss sends a Content-Type with every copy, which counts only if metadata is replaced. doc: a copy onto itself
 * always replaces the metadata.
 */
function templateOfCopy(
  request: OssRequest,
  bucket: BucketStore,
  source: ObjectVersion,
  onItself: boolean,
): ObjectTemplate {
  const { headers } = request;
  const replaces =
    directive(request, 'x-oss-metadata-directive', ['COPY', 'REPLACE']) === 'REPLACE' || onItself;
  const retags = directive(request, 'x-oss-tagging-directive', ['Copy', 'Replace']) === 'Replace';
  return {
    ...templateOf(headers, bucket),
    ...(replaces
      ? { headers: replacedHeaders(headers, source), metadata: metadataOf(headers) }
      : { headers: source.headers, metadata: source.metadata }),
    tags: retags ? parseTagging(headers['x-oss-tagging'] ?? '') : source.tags,
    acl: readObjectAcl(headers) ?? (onItself ? source.acl : 'default'),
    storageClass: parseStorageClass(
      headers['x-oss-storage-class'] ?? (onItself ? source.storageClass : bucket.record.storageClass),
    ),
  };
}

/** sdk: without a Content-Type, that of the source stays. */
function replacedHeaders(headers: OssRequest['headers'], source: ObjectTemplate): ObjectTemplate['headers'] {
  const type = headers['content-type'] || source.headers['content-type'];
  return storedHeaders({ ...headers, ...(type !== undefined && { 'content-type': type }) });
}

function directive(request: OssRequest, name: string, known: readonly string[]): string | undefined {
  const value = request.headers[name];
  if (value === undefined) return undefined;
  const match = known.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
  if (!match) throw invalidArgument(name, value);
  return match;
}
