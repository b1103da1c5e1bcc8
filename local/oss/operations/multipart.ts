import { createHash } from 'node:crypto';
import { childrenOf, childText } from '../../../shared/runtime/xml.ts';
import { combineCrc64 } from '../../http/crc64.ts';
import type { OssContext } from '../context.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import { conditionsOf, isNotModified } from '../http/conditions.ts';
import { readRange } from '../http/range.ts';
import { xmlReply } from '../http/reply.ts';
import { malformedXml, numberParameter, type OssRequest, parseDocument, readText } from '../http/request.ts';
import { newUploadId } from '../ids.ts';
import { checkKey } from '../names.ts';
import type { Blob } from '../store/blobs.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { Part } from '../store/records.ts';
import type { Upload } from '../store/uploads.ts';
import { readCallback, withCallback } from './callback.ts';
import { readCopySource } from './copy-object.ts';
import { isoSeconds, readEncoding } from './list-objects.ts';
import type { Operation } from './operation.ts';
import { encryptionHeaders, uploadHeaders } from './put-object.ts';
import { readObjectAcl, templateOf } from './template.ts';
import {
  changeOf,
  createdChange,
  fromBlob,
  multipartEtag,
  type NewVersion,
  receiveBlob,
  writeVersion,
} from './write-object.ts';

const MAX_PARTS = 10_000;
/** doc: for every part except the last; checked when the upload is completed. */
const MIN_PART_BYTES = 100 * 1024;

/** An event of an upload whose object does not exist. */
const NO_BYTES = { size: 0, deltaSize: 0, etag: '' };

export const initiateMultipartUpload: Operation = async (request, bucket, oss) => {
  checkKey(request.key);
  const template = templateOf(request.headers, bucket);
  const { encode, encodingType } = readEncoding(request);
  const id = newUploadId(oss.random);
  await bucket.uploads.initiate({
    id,
    key: request.key,
    initiated: oss.clock.now(),
    template,
    sequential: request.query.has('sequential'),
  });
  return xmlReply(
    'InitiateMultipartUploadResult',
    {
      EncodingType: encodingType,
      Bucket: request.bucket,
      Key: encode(request.key),
      UploadId: id,
    },
    {
      headers: encryptionHeaders(template),
      changes: [changeOf(request, bucket, 'ObjectCreated:InitiateMultipartUpload', NO_BYTES)],
    },
  );
};

export const uploadPart: Operation = async (request, bucket, oss) => {
  const number = readPartNumber(request);
  const upload = uploadOf(request, bucket);
  const { record } = upload;
  checkSequence(upload, number);
  const blob = await receiveBlob(request, bucket);
  const md5 = blob.md5.toString('base64');
  const part = await storePart(record.id, number, blob, bucket, oss);
  return {
    status: 200,
    headers: { etag: `"${part.etag}"`, 'content-md5': md5, 'x-oss-hash-crc64ecma': part.crc64 },
    changes: [partChange(request, bucket, 'UploadPart', part)],
  };
};

export const uploadPartCopy: Operation = async (request, bucket, oss) => {
  const number = readPartNumber(request);
  const upload = uploadOf(request, bucket);
  const { record } = upload;
  checkSequence(upload, number);
  const source = readCopySource(request, oss);
  if (isNotModified(conditionsOf(request.headers, 'x-oss-copy-source-'), source.version))
    return { status: 304 };
  const { segments, size } = source.version;
  const header = request.headers['x-oss-copy-source-range'];
  const range = readRange(header, size, true);
  if (header !== undefined && !range) throw invalidArgument('x-oss-copy-source-range', header);
  const { start, end } = range ?? { start: 0, end: size };
  const blob = await bucket.copy(request.key, segments, start, end);
  const part = await storePart(record.id, number, blob, bucket, oss);
  return xmlReply(
    'CopyPartResult',
    { LastModified: isoSeconds(part.lastModified), ETag: `"${part.etag}"` },
    {
      headers: {
        etag: `"${part.etag}"`,
        'x-oss-hash-crc64ecma': part.crc64,
        'content-range': range && `bytes ${start}-${end - 1}/${size}`,
        'x-oss-copy-source-version-id': source.bucket.record.versioning && source.version.id,
      },
      changes: [partChange(request, bucket, 'UploadPartCopy', part)],
    },
  );
};

/** Makes an object of the named parts without moving bytes, and deletes the other parts. */
export const completeMultipartUpload: Operation = async (request, bucket, oss) => {
  readCallback(request);
  const text = await readText(request);
  const acl = readObjectAcl(request.headers);
  const written = await ending(request, bucket, async (upload) => {
    const made = joined(upload, chosenParts(request, text, upload));
    const object = upload.record.sequential ? { ...made, contentMd5: await md5Of(made, bucket) } : made;
    return writeVersion(request, oss, bucket, acl ? { ...object, acl } : object, { ends: upload });
  });
  const { version } = written;
  const { encode, encodingType } = readEncoding(request);
  return withCallback(request, oss, version, (xVars) =>
    xmlReply(
      'CompleteMultipartUploadResult',
      {
        EncodingType: encodingType,
        Location: `http://${request.headers.host}/${encodeURIComponent(request.key).replaceAll('%2F', '/')}`,
        Bucket: request.bucket,
        Key: encode(request.key),
        ETag: `"${version.etag}"`,
      },
      {
        headers: uploadHeaders(bucket, version),
        changes: [createdChange(request, bucket, 'CompleteMultipartUpload', written, { xVars })],
      },
    ),
  );
};

export const abortMultipartUpload: Operation = async (request, bucket) => {
  await ending(request, bucket, bucket.endUpload);
  return {
    status: 204,
    changes: [changeOf(request, bucket, 'ObjectRemoved:AbortMultipartUpload', NO_BYTES)],
  };
};

export const listParts: Operation = async (request, bucket) => {
  const { record, parts } = uploadOf(request, bucket);
  const maxParts = numberParameter(request, 'max-parts', { min: 1, max: 1000, fallback: 1000 });
  const marker = numberParameter(request, 'part-number-marker', { min: 0, max: MAX_PARTS, fallback: 0 });
  const rest = sorted(parts.values()).filter(({ number }) => number > marker);
  const page = rest.slice(0, maxParts);
  const { encode, encodingType } = readEncoding(request);
  return xmlReply('ListPartsResult', {
    Bucket: request.bucket,
    EncodingType: encodingType,
    Key: encode(request.key),
    UploadId: record.id,
    StorageClass: record.template.storageClass,
    PartNumberMarker: marker,
    // sdk: empty without parts: Python needs the element, Java wants no number.
    NextPartNumberMarker: page.at(-1)?.number ?? '',
    MaxParts: maxParts,
    IsTruncated: rest.length > page.length,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: isoSeconds(part.lastModified),
      ETag: `"${part.etag}"`,
      Size: part.segment.size,
      HashCrc64ecma: part.crc64,
    })),
  });
};

/** Only one request ends an upload. It goes on if that fails. */
async function ending<T>(
  request: OssRequest,
  bucket: BucketStore,
  end: (upload: Upload) => Promise<T>,
): Promise<T> {
  const { record } = uploadOf(request, bucket);
  return bucket.uploads.alone(record.id, async (upload) => {
    if (!upload) throw noSuchUpload(request);
    return end(upload);
  });
}

function joined({ record }: Upload, parts: readonly Part[]): NewVersion {
  return {
    ...record.template,
    type: 'Multipart',
    segments: parts.map(({ segment }) => segment),
    size: parts.reduce((sum, { segment }) => sum + segment.size, 0),
    etag: multipartEtag(parts.map(({ etag }) => etag)),
    crc64: String(parts.reduce((crc, part) => combineCrc64(crc, BigInt(part.crc64), part.segment.size), 0n)),
  };
}

async function storePart(
  id: string,
  number: number,
  blob: Blob,
  bucket: BucketStore,
  oss: OssContext,
): Promise<Part> {
  const { etag, crc64 } = fromBlob(blob);
  const part: Part = { number, segment: blob.segment, etag, crc64, lastModified: oss.clock.now() };
  if (await bucket.uploads.putPart(id, part)) return part;
  await bucket.discard([blob.segment]);
  throw new OssRefusal('NoSuchUpload', { elements: { UploadId: id } });
}

/** Throws unless the part is the next one, or one that is sent again. */
function checkSequence({ record, parts }: Upload, number: number): void {
  if (!record.sequential || number <= parts.size + 1) return;
  throw new OssRefusal('PartNotSequential', { elements: { PartNumber: String(number) } });
}

/** Base64 */
async function md5Of({ segments, size }: NewVersion, bucket: BucketStore): Promise<string> {
  const { pieces, close } = await bucket.read(segments, 0, size);
  const hash = createHash('md5');
  try {
    for await (const piece of pieces) hash.update(piece);
  } finally {
    await close();
  }
  return hash.digest('base64');
}

function chosenParts(request: OssRequest, text: string, { parts }: Upload): Part[] {
  if (request.headers['x-oss-complete-all'] === 'yes' && text !== '') {
    // The misspelling is the service's.
    const message = 'Should not speficy both complete all header and http body.';
    throw invalidArgument('x-oss-complete-all', 'yes', message, '0042-00000216');
  }
  const chosen =
    request.headers['x-oss-complete-all'] === 'yes' ? sorted(parts.values()) : namedParts(text, parts);
  if (chosen.some(({ number }, index) => index > 0 && number <= chosen[index - 1]!.number)) {
    throw new OssRefusal('InvalidPartOrder');
  }
  const small = chosen.slice(0, -1).find(({ segment }) => segment.size < MIN_PART_BYTES);
  if (small) {
    throw new OssRefusal('EntityTooSmall', {
      elements: {
        MinSizeAllowed: String(MIN_PART_BYTES),
        ProposedSize: String(small.segment.size),
        PartNumber: String(small.number),
        ETag: `"${small.etag}"`,
      },
    });
  }
  return chosen;
}

function namedParts(text: string, parts: ReadonlyMap<number, Part>): Part[] {
  const items = childrenOf(parseDocument(text, 'CompleteMultipartUpload'), 'Part');
  if (items.length > MAX_PARTS)
    throw malformedXml(`expected at most ${MAX_PARTS} parts, got ${items.length}`);
  return items.map((item) => {
    const number = Number(childText(item, 'PartNumber'));
    // sdk: ETags have quotes or not.
    const etag = (childText(item, 'ETag') ?? '').trim().replaceAll('"', '').toUpperCase();
    const part = parts.get(number);
    if (!part || part.etag !== etag) {
      throw new OssRefusal('InvalidPart', { elements: { PartNumber: String(number), ETag: etag } });
    }
    return part;
  });
}

function partChange(request: OssRequest, bucket: BucketStore, operation: string, part: Part) {
  // guess: size and ETag of the part; the object does not exist yet.
  const { segment, etag } = part;
  const bytes = { size: segment.size, deltaSize: segment.size, etag };
  return changeOf(request, bucket, `ObjectCreated:${operation}`, bytes);
}

function uploadOf(request: OssRequest, bucket: BucketStore): Upload {
  const upload = bucket.uploads.find(request.query.get('uploadId') ?? '');
  if (!upload || upload.record.key !== request.key) throw noSuchUpload(request);
  return upload;
}

/** sdk: each operation has its own EC. */
function noSuchUpload(request: OssRequest): OssRefusal {
  const copies = request.headers['x-oss-copy-source'] !== undefined;
  const ec = request.method === 'PUT' ? (copies ? '0042-00000311' : '0042-00000104') : undefined;
  return new OssRefusal('NoSuchUpload', { elements: { UploadId: request.query.get('uploadId') }, ec });
}

function readPartNumber(request: OssRequest): number {
  const text = request.query.get('partNumber') ?? '';
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= MAX_PARTS) return number;
  const message = `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive.`;
  throw invalidArgument('partNumber', text, message);
}

function sorted(parts: Iterable<Part>): Part[] {
  return [...parts].sort((left, right) => left.number - right.number);
}
