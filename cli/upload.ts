import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import type { ObjectStore, PutResult } from '../shared/oss/object-store.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.jfif': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.avif': 'image/avif',
};

/** Streams one file; the content type follows its ending. */
export function uploadFile(store: ObjectStore, key: string, path: string): Promise<PutResult> {
  const contentType = CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
  return store.put(key, createReadStream(path), { contentType });
}
