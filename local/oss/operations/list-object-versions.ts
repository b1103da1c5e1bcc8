import type { XmlFields } from '../../../shared/runtime/xml.ts';
import { invalidArgument } from '../errors.ts';
import { xmlReply } from '../http/reply.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectRecord, ObjectVersion } from '../store/records.ts';
import {
  describeVersion,
  isoSeconds,
  keyParameter,
  ownerOf,
  readListing,
  walkObjects,
} from './list-objects.ts';
import type { Operation } from './operation.ts';
import { takePage } from './page.ts';

interface Entry {
  readonly key: string;
  readonly version: ObjectVersion;
  readonly isLatest: boolean;
}

/** Sorted by key in byte order, versions of one key from the newest. */
export const listObjectVersions: Operation = async (request, bucket, oss) => {
  const { prefix, delimiter, maxKeys, encode, encodingType } = readListing(request);
  const keyMarker = keyParameter(request, 'key-marker');
  const versionIdMarker = keyParameter(request, 'version-id-marker');
  if (versionIdMarker !== '' && keyMarker === '') {
    const message = 'A version-id marker cannot be specified without a key marker.';
    throw invalidArgument('version-id-marker', versionIdMarker, message);
  }
  const items = walk(bucket, { keyMarker, versionIdMarker }, { prefix, delimiter });
  const { page, truncated } = takePage(items, maxKeys);
  const entries = page.filter((item) => typeof item !== 'string');
  const prefixes = page.filter((item) => typeof item === 'string');
  const last = truncated ? page.at(-1)! : undefined;
  const common = ({ key, version, isLatest }: Entry): XmlFields => ({
    Key: encode(key),
    VersionId: version.id,
    IsLatest: isLatest,
  });
  return xmlReply('ListVersionsResult', {
    Name: request.bucket,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: versionIdMarker,
    MaxKeys: maxKeys,
    Delimiter: encode(delimiter),
    EncodingType: encodingType,
    IsTruncated: truncated,
    NextKeyMarker: last && encode(typeof last === 'string' ? last : last.key),
    NextVersionIdMarker: last && (typeof last === 'string' ? '' : last.version.id),
    Version: entries
      .filter(({ version }) => !version.deleteMarker)
      .map((entry) => ({ ...common(entry), ...describeVersion(entry.version, oss), Owner: ownerOf(bucket) })),
    DeleteMarker: entries
      .filter(({ version }) => version.deleteMarker)
      .map((entry) => ({
        ...common(entry),
        LastModified: isoSeconds(entry.version.lastModified),
        Owner: ownerOf(bucket),
      })),
    CommonPrefixes: prefixes.map((name) => ({ Prefix: encode(name) })),
  });
};

/** Versions, and common prefixes as strings. */
function* walk(
  bucket: BucketStore,
  marker: { keyMarker: string; versionIdMarker: string },
  within: { prefix: string; delimiter: string },
): Generator<Entry | string> {
  const { keyMarker, versionIdMarker } = marker;
  const rest = versionIdMarker === '' ? [] : entriesOf(bucket.find(keyMarker));
  // If the marker's version was deleted, its position is unknown: the key is listed from its beginning.
  const at = rest.findIndex(({ version }) => version.id === versionIdMarker);
  yield* rest.slice(at + 1);
  for (const { record, common } of walkObjects(bucket, { ...within, after: keyMarker }, () => true)) {
    if (common === undefined) yield* entriesOf(record);
    else yield common;
  }
}

function entriesOf(record: ObjectRecord | undefined): Entry[] {
  if (!record) return [];
  const { key, versions } = record;
  return versions.map((version, index) => ({ key, version, isLatest: index === 0 }));
}
