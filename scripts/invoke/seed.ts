import { readFile } from 'node:fs/promises';
import { samplePhotos } from '../../cli/files.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import type { OssClient } from '../../shared/oss/client.ts';

/** A photo that stands in for the object of an event. */
export interface SeededPhoto {
  readonly bucket: string;
  readonly key: string;
  readonly photo: string;
}

export interface SeededEvent {
  /** The event, with the ETags of the photos. */
  readonly event: Buffer;
  readonly seeded: readonly SeededPhoto[];
}

/** Puts a real photo at each key that the event reports as created, unless an object exists there. */
export async function seedPhotos(event: Buffer, oss: OssClient): Promise<SeededEvent> {
  const photos = await samplePhotos();
  const seeded: SeededPhoto[] = [];
  /** Keys with the same ETag in the event get the same photo. */
  const photoOf = new Map<string | undefined, (typeof photos)[number]>();
  let text = event.toString();
  for (const { eventName, bucket, key, etag } of openEnvelope(event).events) {
    await oss.createBucket(bucket);
    const store = oss.bucket(bucket);
    if (!eventName.startsWith('ObjectCreated:') || (await store.head(key))) continue;
    const photo = photoOf.get(etag) ?? photos[photoOf.size % photos.length]!;
    photoOf.set(etag, photo);
    const written = await store.put(key, await readFile(photo.path));
    if (etag) text = replaceDeep(text, etag, written.etag);
    seeded.push({ bucket, key, photo: photo.name });
  }
  return { event: Buffer.from(text), seeded };
}

/** Also replaces inside Base64, which most envelopes use. */
function replaceDeep(text: string, from: string, to: string): string {
  const replaced = text.replaceAll(from, to);
  return replaceBase64(replaced, (encoded) => {
    const decoded = Buffer.from(encoded, 'base64').toString();
    const changed = decoded.includes('{') ? replaceDeep(decoded, from, to) : decoded;
    return changed === decoded ? encoded : Buffer.from(changed).toString('base64');
  });
}

const IS_BASE64 = Array.from({ length: 128 }, (_, code) => /[A-Za-z0-9+/=]/.test(String.fromCharCode(code)));
/** Shorter runs of letters are words. */
const MIN_BASE64 = 40;

/** Replaces each run of Base64. A loop, because a regular expression fails at a run of some megabytes. */
function replaceBase64(text: string, replace: (encoded: string) => string): string {
  let result = '';
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && IS_BASE64[text.charCodeAt(at)]) continue;
    const run = text.slice(start, at);
    result += (run.length >= MIN_BASE64 ? replace(run) : run) + text.slice(at, at + 1);
    start = at + 1;
  }
  return result;
}
