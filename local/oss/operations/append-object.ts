import { createHash } from 'node:crypto';
import { combineCrc64 } from '../../http/crc64.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import { checkKey } from '../names.ts';
import type { Blob } from '../store/blobs.ts';
import type { BucketStore } from '../store/bucket.ts';
import { currentVersion, type ObjectAcl, type ObjectRecord, type ObjectTemplate } from '../store/records.ts';
import type { Operation } from './operation.ts';
import { encryptionHeaders } from './put-object.ts';
import { versionHeader } from './target.ts';
import { readObjectAcl, templateOf } from './template.ts';
import {
  checkSize,
  createdChange,
  MAX_UPLOAD_BYTES,
  type NewVersion,
  receiveBlob,
  writeVersion,
} from './write-object.ts';

/** The first append creates the object with its attributes; later ones only add bytes. */
export const appendObject: Operation = async (request, bucket, oss) => {
  checkKey(request.key);
  const position = readPosition(request);
  const before = bucket.find(request.key);
  checkPosition(before, position);
  // sdk: later appends ignore tags, even invalid ones; their ACL counts.
  const template = currentVersion(before) ? undefined : templateOf(request.headers, bucket);
  const acl = readObjectAcl(request.headers);
  const blob = await receiveBlob(request, bucket);
  const written = await writeVersion(
    request,
    oss,
    bucket,
    (record) => appended(record, { position, blob, template, acl, bucket, key: request.key }),
    { fresh: [blob.segment] },
  );
  const { version } = written;
  return {
    status: 200,
    headers: {
      etag: `"${version.etag}"`,
      'x-oss-hash-crc64ecma': version.crc64,
      'x-oss-next-append-position': String(version.size),
      ...encryptionHeaders(version),
      ...versionHeader(bucket, version),
    },
    changes: [createdChange(request, bucket, 'AppendObject', written, { position })],
  };
};

async function appended(
  record: ObjectRecord | undefined,
  {
    position,
    blob,
    template,
    acl: newAcl,
    bucket,
    key,
  }: {
    position: number;
    blob: Blob;
    template: ObjectTemplate | undefined;
    acl: ObjectAcl | undefined;
    bucket: BucketStore;
    key: string;
  },
): Promise<NewVersion> {
  checkPosition(record, position);
  const before = currentVersion(record);
  const { segment } = blob;
  const crc64 = before ? combineCrc64(BigInt(before.crc64), blob.crc64, segment.size) : blob.crc64;
  const size = position + segment.size;
  checkSize(size, MAX_UPLOAD_BYTES);
  const content = {
    type: 'Appendable',
    size,
    crc64: String(crc64),
    // doc: opaque; captures end in zeros.
    etag: `${createHash('md5').update(`${crc64}:${size}`).digest('hex').slice(0, 24).toUpperCase()}00000000`,
  } as const;
  if (!before) {
    // The object that the request would have continued was deleted in the meantime.
    if (!template)
      throw new OssRefusal('PositionNotEqualToLength', { headers: { 'x-oss-next-append-position': '0' } });
    return { ...template, ...content, segments: [segment] };
  }
  const { headers, metadata, tags, acl, storageClass, encryption } = before;
  const kept = { headers, metadata, tags, acl: newAcl ?? acl, storageClass, encryption };
  return { ...kept, ...content, segments: await bucket.joinLast(key, [...before.segments, segment]) };
}

function checkPosition(record: ObjectRecord | undefined, position: number): void {
  const current = currentVersion(record);
  if (current && current.type !== 'Appendable') throw new OssRefusal('ObjectNotAppendable');
  const length = current?.size ?? 0;
  if (position !== length) {
    throw new OssRefusal('PositionNotEqualToLength', {
      headers: { 'x-oss-next-append-position': String(length) },
    });
  }
}

function readPosition(request: OssRequest): number {
  const text = request.query.get('position') ?? '';
  if (!/^\d{1,15}$/.test(text)) throw invalidArgument('position', text);
  return Number(text);
}
