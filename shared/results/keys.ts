import { createHash } from 'node:crypto';
import { MAX_KEY_BYTES } from '../oss/limits.ts';

/** Where the results of one source object are stored in the result bucket. */
export interface ResultKeys {
  /** Prefix of all of them. */
  readonly folder: string;
  readonly document: string;
  readonly annotated: string;
  readonly redacted: string;
  /** Prefix of the crops. */
  readonly crops: string;
  crop(index: number): string;
}

/** Bytes of the longest name in a folder: that of the hundred thousandth crop. */
const MAX_NAME_BYTES = 'faces/99999.jpg'.length;

/** A key whose results need a shorter folder ends like this there: with a hash of it. */
const SHORTENED = /~[0-9a-f]{40}$/;

/**
 * The layout of results: one folder per source key, so equal base names in different folders never collide. `{bucket}` in
 * the prefix is replaced by the source bucket, for result buckets that several buckets share. A folder has the name of its
 * key. If that is too long, the name is cut and followed by `~` and a hash of the key; so is the name of a key that could
 * be taken for a shortened one.
 */
export function resultKeys(prefix: string, source: { bucket: string; key: string }): ResultKeys {
  const base = folderOf(resultFolder(prefix, source.bucket), source.key);
  return {
    folder: base,
    document: `${base}faces.json`,
    annotated: `${base}annotated.jpg`,
    redacted: `${base}redacted.jpg`,
    crops: `${base}faces/`,
    crop: (index) => `${base}faces/${index}.jpg`,
  };
}

/** The prefix of the results of one bucket. */
export function resultFolder(prefix: string, bucket: string): string {
  return prefix.replaceAll('{bucket}', bucket);
}

function folderOf(prefix: string, key: string): string {
  const room = MAX_KEY_BYTES - MAX_NAME_BYTES - Buffer.byteLength(`${prefix}/`);
  if (Buffer.byteLength(key) <= room && !SHORTENED.test(key)) return `${prefix}${key}/`;
  const hash = `~${createHash('sha256').update(key).digest('hex').slice(0, 40)}`;
  return `${prefix}${cut(key, room - hash.length)}${hash}/`;
}

/** At most so many bytes of UTF-8, without a part of a character. */
function cut(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  let end = Math.min(whole.length, Math.max(0, bytes));
  // Bytes of the form 10xxxxxx continue a character.
  while (end > 0 && (whole[end]! & 0xc0) === 0x80) end--;
  return whole.subarray(0, end).toString();
}

/** The prefix up to its placeholder, which the results of all buckets share. */
export function fixedPrefix(prefix: string): string {
  return prefix.split('{bucket}')[0]!;
}
