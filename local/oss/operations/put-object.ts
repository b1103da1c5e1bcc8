import { notImplemented } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import { checkKey } from '../names.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectVersion } from '../store/records.ts';
import { readCallback, withCallback } from './callback.ts';
import type { Operation } from './operation.ts';
import { versionHeader } from './target.ts';
import { templateOf } from './template.ts';
import { createdChange, receiveBlob, writeBlob } from './write-object.ts';

export const putObject: Operation = async (request, bucket, oss) => {
  checkKey(request.key);
  refuseConditions(request);
  readCallback(request);
  const template = templateOf(request.headers, bucket);
  const blob = await receiveBlob(request, bucket);
  const written = await writeBlob(request, oss, bucket, template, blob);
  return withCallback(request, oss, written.version, (xVars) => ({
    status: 200,
    headers: uploadHeaders(bucket, written.version),
    changes: [createdChange(request, bucket, 'PutObject', written, { xVars })],
  }));
};

/** The headers that answer an upload. */
export function uploadHeaders(
  bucket: BucketStore,
  version: ObjectVersion,
): Record<string, string | undefined> {
  return {
    etag: `"${version.etag}"`,
    'content-md5': version.contentMd5,
    'x-oss-hash-crc64ecma': version.crc64,
    ...encryptionHeaders(version),
    ...versionHeader(bucket, version),
  };
}

/** The headers that name the encryption of an object or upload. */
export function encryptionHeaders({
  encryption,
}: Pick<ObjectVersion, 'encryption'>): Record<string, string | undefined> {
  return {
    'x-oss-server-side-encryption': encryption?.algorithm,
    'x-oss-server-side-data-encryption': encryption?.dataAlgorithm,
    'x-oss-server-side-encryption-key-id': encryption?.keyId,
  };
}

/** doc: writes support no condition except `x-oss-forbid-overwrite`. */
function refuseConditions({ headers }: OssRequest): void {
  for (const name of ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']) {
    if (headers[name] !== undefined) throw notImplemented(name);
  }
}
