import { MAX_KEY_BYTES } from '../../../shared/oss/limits.ts';
import type { XmlFields } from '../../../shared/runtime/xml.ts';
import type { OssContext } from '../context.ts';
import { invalidArgument } from '../errors.ts';
import { xmlReply } from '../http/reply.ts';
import { numberParameter, type OssRequest } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import { compareKeys } from '../store/key-order.ts';
import { currentVersion, type ObjectRecord, type ObjectVersion } from '../store/records.ts';
import type { Operation } from './operation.ts';
import { takePage } from './page.ts';
import { restoreInfo } from './restore.ts';

/** doc: 100 per page by default, 1,000 at most; an empty page is valid. */
const PAGE = { min: 0, max: 1000, fallback: 100 };

export const listObjects: Operation = async (request, bucket, oss) => {
  const { prefix, delimiter, maxKeys, encode, encodingType } = readListing(request);
  const type = request.query.get('list-type');
  if (type !== undefined) throw invalidArgument('list-type', type);
  const marker = keyParameter(request, 'marker');
  const page = listPage(bucket, { prefix, delimiter, after: marker, maxKeys });
  return xmlReply('ListBucketResult', {
    Name: request.bucket,
    Prefix: encode(prefix),
    Marker: encode(marker),
    MaxKeys: maxKeys,
    Delimiter: encode(delimiter),
    EncodingType: encodingType,
    IsTruncated: page.truncated,
    NextMarker: page.truncated ? encode(page.last) : undefined,
    Contents: page.objects.map(({ key, version }) => ({
      Key: encode(key),
      ...describeVersion(version, oss),
      Owner: ownerOf(bucket),
    })),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
  });
};

export const listObjectsV2: Operation = async (request, bucket, oss) => {
  const { prefix, delimiter, maxKeys, encode, encodingType } = readListing(request);
  const startAfter = request.query.get('start-after');
  // sdk: Python sends an empty token with the first page.
  const token = request.query.get('continuation-token') || undefined;
  const after = token === undefined ? (startAfter ?? '') : decodeToken(token);
  const page = listPage(bucket, { prefix, delimiter, after, maxKeys });
  const owner = request.query.get('fetch-owner') === 'true' ? { Owner: ownerOf(bucket) } : {};
  return xmlReply('ListBucketResult', {
    Name: request.bucket,
    Prefix: encode(prefix),
    StartAfter: startAfter === undefined ? undefined : encode(startAfter),
    MaxKeys: maxKeys,
    Delimiter: encode(delimiter),
    EncodingType: encodingType,
    ContinuationToken: token,
    IsTruncated: page.truncated,
    NextContinuationToken: page.truncated ? encodeToken(page.last) : undefined,
    KeyCount: page.objects.length + page.prefixes.length,
    Contents: page.objects.map(({ key, version }) => ({
      Key: encode(key),
      ...describeVersion(version, oss),
      ...owner,
    })),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
  });
};

/** The parameters that all listings share. */
export function readListing(request: OssRequest) {
  return {
    prefix: keyParameter(request, 'prefix'),
    delimiter: keyParameter(request, 'delimiter'),
    maxKeys: numberParameter(request, 'max-keys', PAGE),
    ...readEncoding(request),
  };
}

/** How the answer writes keys: percent-encoded for clients whose XML parser accepts no control characters. */
export function readEncoding({ query }: OssRequest) {
  const encodingType = query.get('encoding-type') || undefined;
  // sdk: the Go SDK v2 writes it in upper case.
  if (encodingType && encodingType.toLowerCase() !== 'url')
    throw invalidArgument('encoding-type', encodingType);
  return { encodingType, encode: (text: string) => (encodingType ? encodeURIComponent(text) : text) };
}

/** A key, or a part of one, in a parameter; empty if it is absent. Throws if it is longer than a key may be. */
export function keyParameter({ query }: OssRequest, name: string): string {
  const text = query.get(name) ?? '';
  if (Buffer.byteLength(text) <= MAX_KEY_BYTES) return text;
  throw invalidArgument(name, text, `The length of ${name} exceeds the maximum limit.`);
}

interface Page {
  readonly objects: { key: string; version: ObjectVersion }[];
  readonly prefixes: string[];
  readonly truncated: boolean;
  /** The key or common prefix after which the next page begins. */
  readonly last: string;
}

interface PageOptions {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
  readonly maxKeys: number;
}

function listPage(bucket: BucketStore, { maxKeys, ...options }: PageOptions): Page {
  const { page, truncated } = takePage(walkObjects(bucket, options), maxKeys);
  const last = page.at(-1);
  return {
    objects: page
      .filter(({ common }) => common === undefined)
      .map(({ record }) => ({ key: record.key, version: currentVersion(record)! })),
    prefixes: page.flatMap(({ common }) => common ?? []),
    truncated,
    last: last ? (last.common ?? last.record.key) : '',
  };
}

/**
 * Objects with a prefix after a marker, in the byte order of their keys. Those that share a common prefix are yielded once, with the first of
 * them that is `wanted`; the others are skipped.
 */
export function* walkObjects(
  bucket: BucketStore,
  { prefix, delimiter, after }: Omit<PageOptions, 'maxKeys'>,
  wanted: (record: ObjectRecord) => boolean = (record) => currentVersion(record) !== undefined,
): Generator<{ record: ObjectRecord; common?: string }> {
  let yielded: string | undefined;
  let start: string | undefined = compareKeys(after, prefix) > 0 ? after : prefix;
  while (start !== undefined) {
    const from: string = start;
    start = undefined;
    for (const record of bucket.from(from)) {
      const { key } = record;
      if (!key.startsWith(prefix)) return;
      if (key === after || (yielded !== undefined && key.startsWith(yielded)) || !wanted(record)) continue;
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      if (cut < 0) {
        yield { record };
        continue;
      }
      yielded = key.slice(0, cut + delimiter.length);
      // An earlier page has the common prefix of the marker.
      if (!after.startsWith(yielded)) yield { record, common: yielded };
      start = `${yielded}\u{10ffff}`;
      break;
    }
  }
}

export function describeVersion(version: ObjectVersion, oss: OssContext): XmlFields {
  return {
    LastModified: isoSeconds(version.lastModified),
    ETag: `"${version.etag}"`,
    Type: version.type,
    Size: version.size,
    StorageClass: version.storageClass,
    RestoreInfo: restoreInfo(version, oss.clock.now()),
  };
}

/** doc: times in documents have three decimals, all zero. */
export function isoSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}.000Z`;
}

export function ownerOf(bucket: BucketStore): { ID: string; DisplayName: string } {
  return { ID: bucket.record.ownerId, DisplayName: bucket.record.ownerId };
}

/** No character of a token needs an encoding: some clients decode it as a form, others send it as it came. */
function encodeToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function decodeToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (encodeToken(key) !== token) throw invalidArgument('continuation-token', token);
  return key;
}
