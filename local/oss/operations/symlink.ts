import { createHash } from 'node:crypto';
import { percentDecode } from '../../http/decode.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import { checkKey } from '../names.ts';
import type { BucketStore } from '../store/bucket.ts';
import { currentVersion, type ObjectVersion } from '../store/records.ts';
import type { Operation } from './operation.ts';
import { requestedVersion, versionHeader } from './target.ts';
import { templateOf } from './template.ts';
import { createdChange, writeVersion } from './write-object.ts';

export const putSymlink: Operation = async (request, bucket, oss) => {
  checkKey(request.key);
  const symlinkTarget = decodeTarget(request.headers['x-oss-symlink-target']);
  const written = await writeVersion(request, oss, bucket, {
    ...templateOf(request.headers, bucket),
    type: 'Symlink',
    segments: [],
    size: 0,
    // guess: no document defines the ETag of a link; this one changes with the target.
    etag: createHash('md5').update(symlinkTarget).digest('hex').toUpperCase(),
    crc64: '0',
    symlinkTarget,
  });
  return {
    status: 200,
    headers: versionHeader(bucket, written.version),
    changes: [createdChange(request, bucket, 'PutSymlink', written)],
  };
};

export const getSymlink: Operation = async (request, bucket) => {
  const version = requestedVersion(request, bucket.find(request.key));
  if (version.symlinkTarget === undefined) {
    throw new OssRefusal('InvalidTargetType', { message: 'The object is not a symbolic link.' });
  }
  return {
    status: 200,
    headers: {
      'x-oss-symlink-target': encodeURIComponent(version.symlinkTarget).replaceAll('%2F', '/'),
      etag: `"${version.etag}"`,
      'last-modified': new Date(version.lastModified).toUTCString(),
      ...versionHeader(bucket, version),
    },
  };
};

/** doc: bytes, length and checksums are the target's, the time is the later one, everything else is the link's. */
export function resolveSymlink(link: ObjectVersion, bucket: BucketStore): ObjectVersion {
  if (link.symlinkTarget === undefined) return link;
  const target = currentVersion(bucket.find(link.symlinkTarget));
  if (!target) throw new OssRefusal('SymlinkTargetNotExist', { elements: { Key: link.symlinkTarget } });
  if (target.symlinkTarget !== undefined) throw new OssRefusal('InvalidTargetType');
  const { segments, size, etag, crc64, contentMd5 } = target;
  return {
    ...link,
    segments,
    size,
    etag,
    crc64,
    contentMd5,
    lastModified: Math.max(link.lastModified, target.lastModified),
  };
}

function decodeTarget(header = ''): string {
  const refuse = () => invalidArgument('x-oss-symlink-target', header);
  if (header === '') throw refuse();
  const target = percentDecode(header.replaceAll('+', ' '), refuse);
  checkKey(target);
  return target;
}
