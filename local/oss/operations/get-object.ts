import { conditionsOf, isNotModified } from '../http/conditions.ts';
import { readRange } from '../http/range.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { processImage } from '../images/process.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectVersion } from '../store/records.ts';
import { checkReadable, objectHeaders } from './object-headers.ts';
import type { Operation } from './operation.ts';
import { resolveSymlink } from './symlink.ts';
import { requestedVersion, versionHeader } from './target.ts';
import { versionChange } from './write-object.ts';

/** Also answers HEAD. */
export const getObject: Operation = async (request, bucket, oss) => {
  const version = resolveSymlink(requestedVersion(request, bucket.find(request.key)), bucket);
  const headers = objectHeaders(request, oss, bucket, version);
  if (isNotModified(conditionsOf(request.headers), version)) {
    return {
      status: 304,
      headers: {
        etag: headers.etag,
        'last-modified': headers['last-modified'],
        ...versionHeader(bucket, version),
      },
    };
  }
  if (request.method === 'HEAD') return { status: 200, headers, body: { size: version.size } };
  checkReadable(version, oss);
  const process = request.query.get('x-oss-process');
  return process
    ? getProcessed(request, bucket, version, process, headers)
    : getBytes(request, bucket, version, headers);
};

function getBytes(
  request: OssRequest,
  bucket: BucketStore,
  version: ObjectVersion,
  headers: Readonly<Record<string, string | undefined>>,
): Reply {
  const standard = request.headers['x-oss-range-behavior'] === 'standard';
  const range = readRange(request.headers.range, version.size, standard);
  const { start, end } = range ?? { start: 0, end: version.size };
  return {
    status: range ? 206 : 200,
    headers: { ...headers, ...(range && { 'content-range': `bytes ${start}-${end - 1}/${version.size}` }) },
    // Opened now and not when it is sent, because an overwrite in between would delete the files.
    body: { size: end - start, stream: bucket.read(version.segments, start, end) },
    changes: [readChange(request, bucket, version, start, end)],
  };
}

/** The answer is not the original, so it has none of the original's checksums. */
async function getProcessed(
  request: OssRequest,
  bucket: BucketStore,
  version: ObjectVersion,
  process: string,
  headers: Readonly<Record<string, string | undefined>>,
): Promise<Reply> {
  const { segments, size } = version;
  const image = await processImage(bucket.read(segments, 0, size), size, process);
  const { 'last-modified': lastModified, 'x-oss-storage-class': storageClass } = headers;
  return {
    status: 200,
    headers: {
      'content-type': image.contentType,
      'last-modified': lastModified,
      'x-oss-storage-class': storageClass,
      ...versionHeader(bucket, version),
    },
    body: image.bytes,
    changes: [readChange(request, bucket, version, 0, version.size)],
  };
}

function readChange(
  request: OssRequest,
  bucket: BucketStore,
  version: ObjectVersion,
  from: number,
  to: number,
) {
  return versionChange(request, bucket, 'ObjectDownloaded:GetObject', version, { read: { from, to } });
}

/** doc: only ETag, length, time and version, cheaper than HEAD. */
export const getObjectMeta: Operation = async (request, bucket, oss) => {
  const version = resolveSymlink(requestedVersion(request, bucket.find(request.key)), bucket);
  const { etag, 'last-modified': lastModified } = objectHeaders(request, oss, bucket, version);
  return {
    status: 200,
    headers: { etag, 'last-modified': lastModified, ...versionHeader(bucket, version) },
    body: { size: version.size },
  };
};
