import { MAX_METADATA_BYTES } from '../../../shared/oss/limits.ts';
import { invalidArgument, notImplemented, OssRefusal } from '../errors.ts';
import { parseQuery } from '../http/query.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectAcl, ObjectTemplate, StorageClass, Tag } from '../store/records.ts';
import { defaultEncryption, encryptionOf } from './encryption.ts';

type Headers = Readonly<Record<string, string>>;

const STORED_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;
const STORAGE_CLASSES: readonly string[] = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'];
const OBJECT_ACLS: readonly string[] = ['default', 'private', 'public-read', 'public-read-write'];

/** The attributes that a request gives to its object. */
export function templateOf(headers: Headers, bucket: BucketStore): ObjectTemplate {
  refuseUnknownMeaning(headers);
  const encryption = encryptionOf(headers) ?? defaultEncryption(bucket);
  return {
    headers: storedHeaders(headers),
    metadata: metadataOf(headers),
    tags: parseTagging(headers['x-oss-tagging'] ?? ''),
    acl: readObjectAcl(headers) ?? 'default',
    storageClass: parseStorageClass(headers['x-oss-storage-class'] || bucket.record.storageClass),
    encryption,
  };
}

export function storedHeaders(headers: Headers): Record<string, string> {
  const stored: Record<string, string> = {
    'content-type': checkHeader('content-type', headers['content-type'] || 'application/octet-stream'),
  };
  for (const name of STORED_HEADERS) {
    const value = headers[name];
    if (value !== undefined) stored[name] = checkHeader(name, value);
  }
  return stored;
}

export function metadataOf(headers: Headers): Record<string, string> {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('x-oss-meta-')) continue;
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    metadata[name.slice('x-oss-meta-'.length)] = checkHeader(name, value);
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new OssRefusal('InvalidArgument', {
      message: 'Your metadata headers exceed the maximum allowed metadata size.',
    });
  }
  return metadata;
}

/** Refuses characters from a form or query that no header may contain: they could not be sent back. */
export function checkHeader(name: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: headers may not contain these
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\0-\x08\x0a-\x1f\x7f]/.test(value)) return value;
  throw invalidArgument(name, value);
}

/** `a=1&b=2`, percent-encoded. */
export function parseTagging(text: string): Tag[] {
  return checkTags(parseQuery(text).map(([key, value]) => ({ key, value })));
}

/** doc: letters, digits, spaces and these signs; letters of any script. */
export const TAG_TEXT = /^[\p{L}\p{M}\p{N} +\-=._:/]*$/u;

/** doc: at most 10 tags with different keys of at most 128 bytes, and values of at most 256 bytes. */
export function checkTags(tags: Tag[]): Tag[] {
  for (const { key, value } of tags) {
    if (!TAG_TEXT.test(key)) throw invalidArgument('TagKey', key, 'The TagKey you have provided is invalid');
    if (!TAG_TEXT.test(value))
      throw invalidArgument('TagValue', value, 'The TagValue you have provided is invalid');
  }
  return checkTagSizes(tags, 10);
}

/** sdk: the tags of a bucket may have any characters. */
export function checkTagSizes(tags: Tag[], maxTags: number): Tag[] {
  if (tags.length > maxTags) throw invalidArgument('x-oss-tagging', String(tags.length), 'Too many tags.');
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw invalidArgument('x-oss-tagging', '', 'Cannot provide multiple Tags with the same key.');
  }
  for (const { key, value } of tags) {
    if (key === '' || Buffer.byteLength(key) > 128)
      throw invalidArgument('TagKey', key, 'The TagKey you have provided is invalid');
    if (Buffer.byteLength(value) > 256)
      throw invalidArgument('TagValue', value, 'The TagValue you have provided is invalid');
  }
  return tags;
}

export function parseObjectAcl(text: string): ObjectAcl {
  if (OBJECT_ACLS.includes(text)) return text as ObjectAcl;
  throw invalidArgument('x-oss-object-acl', text, 'no such object access control exists');
}

/** The ACL that a request gives to its object; the service takes an empty header as absent. */
export function readObjectAcl(headers: Headers): ObjectAcl | undefined {
  const text = headers['x-oss-object-acl'];
  return text ? parseObjectAcl(text) : undefined;
}

export function parseStorageClass(text: string): StorageClass {
  if (STORAGE_CLASSES.includes(text)) return text as StorageClass;
  throw invalidArgument('x-oss-storage-class', text);
}

/** Refuses headers that would change the stored bytes or the access to them, and that this server does not support. */
function refuseUnknownMeaning(headers: Headers): void {
  for (const name of Object.keys(headers)) {
    if (name.startsWith('x-oss-server-side-encryption-customer-') || name.startsWith('x-oss-object-worm-')) {
      throw notImplemented(name);
    }
  }
}
