import { percentDecode } from '../../http/decode.ts';
import { authorize } from '../auth/authorize.ts';
import { invalidArgument, notImplemented } from '../errors.ts';
import { type OssRequest, readText } from '../http/request.ts';
import { processImage } from '../images/process.ts';
import { checkKey } from '../names.ts';
import { checkReadable } from './object-headers.ts';
import type { Operation } from './operation.ts';
import { resolveSymlink } from './symlink.ts';
import { findBucket, requestedVersion } from './target.ts';
import { templateOf } from './template.ts';
import { createdChange, writeBlob } from './write-object.ts';

/** Processes an image and stores the result as another object: `image/…|sys/saveas,o_<Base64>,b_<Base64>`. */
export const processObject: Operation = async (request, source, oss) => {
  // sdk: ali-oss percent-encodes the value, the Go SDK does not; a plus sign stays a plus sign in both.
  const [, encoded = ''] = /^x-oss-process=([^&]*)/.exec(await readText(request)) ?? [];
  const order = percentDecode(encoded, () => invalidArgument('x-oss-process', encoded));
  const [process = '', saveAs, ...more] = order.split('|');
  if (!saveAs?.startsWith('sys/saveas,') || more.length > 0) throw notImplemented(`x-oss-process=${order}`);
  const key = decode(/,o_([^,]+)/.exec(saveAs)?.[1] ?? '');
  const namedBucket = decode(/,b_([^,]+)/.exec(saveAs)?.[1] ?? '');
  const bucketName = namedBucket || request.bucket;
  checkKey(key);
  const bucket = findBucket(bucketName, oss);
  const target: OssRequest = { ...request, bucket: bucketName, key };
  authorize(target, { access: 'write', action: 'oss:PutObject' }, bucket);

  const version = resolveSymlink(requestedVersion(request, source.find(request.key)), source);
  checkReadable(version, oss);
  const image = await processImage(source, version, process);
  const blob = await bucket.write(key, onePiece(image.bytes));
  const template = templateOf({ 'content-type': image.contentType }, bucket);
  const written = await writeBlob(target, oss, bucket, template, blob);
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    // sdk: the bucket is empty if the request names none.
    body: JSON.stringify({ bucket: namedBucket, fileSize: image.bytes.length, object: key, status: 'OK' }),
    // guess: the documents name no event for stored results; they are written like any other object.
    changes: [createdChange(target, bucket, 'PutObject', written)],
  };
};

/** Base64 in the usual alphabet or that for URLs. */
function decode(text: string): string {
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  if (decoded.includes('\ufffd')) throw invalidArgument('saveas', text);
  return decoded;
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
