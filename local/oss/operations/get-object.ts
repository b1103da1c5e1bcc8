import { conditionsOf, isNotModified } from '../http/conditions.ts';
import { readRange } from '../http/range.ts';
import { processImage } from '../images/process.ts';
import { gzipped, isCompressed } from './compress.ts';
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
  const { segments, size } = version;
  const changeOf = (from: number, to: number) =>
    versionChange(request, bucket, 'ObjectDownloaded:GetObject', version, { read: { from, to } });
  if (process) {
    const image = await processImage(bucket, version, process);
    return {
      status: 200,
      // The answer is not the original, so it has none of the original's checksums.
      headers: {
        'content-type': image.contentType,
        'last-modified': headers['last-modified'],
        'x-oss-storage-class': headers['x-oss-storage-class'],
        ...versionHeader(bucket, version),
      },
      body: image.bytes,
      changes: [changeOf(0, size)],
    };
  }
  if (isCompressed(request, headers, size)) {
    return {
      status: 200,
      headers: { ...headers, 'content-md5': undefined, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
      body: { stream: gzipped(await bucket.read(segments, 0, size)) },
      changes: [changeOf(0, size)],
    };
  }
  const standard = request.headers['x-oss-range-behavior'] === 'standard';
  const range = readRange(request.headers.range, size, standard);
  const { start, end } = range ?? { start: 0, end: size };
  return {
    status: range ? 206 : 200,
    headers: { ...headers, 'content-range': range && `bytes ${start}-${end - 1}/${size}` },
    // Opened now and not when it is sent, because an overwrite in between would delete the files.
    body: { size: end - start, stream: await bucket.read(segments, start, end) },
    changes: [changeOf(start, end)],
  };
};

/** doc: only ETag, length, time, checksum and version, cheaper than HEAD. */
export const getObjectMeta: Operation = async (request, bucket, oss) => {
  const version = resolveSymlink(requestedVersion(request, bucket.find(request.key)), bucket);
  const {
    etag,
    'last-modified': lastModified,
    'x-oss-hash-crc64ecma': crc64,
  } = objectHeaders(request, oss, bucket, version);
  return {
    status: 200,
    headers: {
      etag,
      'last-modified': lastModified,
      'x-oss-hash-crc64ecma': crc64,
      ...versionHeader(bucket, version),
    },
    body: { size: version.size },
  };
};
