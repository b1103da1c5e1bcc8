import type { OssContext } from '../context.ts';
import { OssRefusal } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectVersion } from '../store/records.ts';
import { encryptionHeaders } from './put-object.ts';
import { restoreInfo, restoreState } from './restore.ts';
import { versionHeader } from './target.ts';
import { checkHeader } from './template.ts';

/** Headers of the answer that a query parameter `response-<name>` replaces. */
const OVERRIDES = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
];

/** The headers that GET and HEAD answer. */
export function objectHeaders(
  request: OssRequest,
  oss: OssContext,
  bucket: BucketStore,
  version: ObjectVersion,
): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {
    ...version.headers,
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
    'content-md5': version.contentMd5,
    'x-oss-object-type': version.type,
    'x-oss-storage-class': version.storageClass,
    'x-oss-hash-crc64ecma': version.crc64,
    'x-oss-next-append-position': version.type === 'Appendable' ? String(version.size) : undefined,
    'x-oss-tagging-count': version.tags.length > 0 ? String(version.tags.length) : undefined,
    ...encryptionHeaders(version),
    'x-oss-restore': restoreInfo(version, oss.clock.now()),
    ...versionHeader(bucket, version),
  };
  for (const [name, value] of Object.entries(version.metadata)) headers[`x-oss-meta-${name}`] = value;
  for (const name of OVERRIDES) {
    const value = request.query.get(`response-${name}`);
    if (value !== undefined) headers[name] = checkHeader(name, value);
  }
  return headers;
}

/** doc: archived bytes must be restored before they can be read. */
export function checkReadable(version: ObjectVersion, oss: OssContext): void {
  const state = restoreState(version, oss.clock.now());
  if (state === 'archived' || state === 'ongoing') throw new OssRefusal('InvalidObjectState');
}
