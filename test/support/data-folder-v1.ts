import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { createCrc64 } from '../../local/http/crc64.ts';

const CREATED = Date.UTC(2026, 0, 1);

export interface ObjectV1 {
  readonly key: string;
  readonly bytes: Buffer;
  /** Whether its record and bytes are only in the log, as after a crash. @default false */
  readonly isLogged?: boolean;
}

export interface UploadV1 {
  readonly id: string;
  readonly key: string;
  /** The bytes of parts 1, 2 and so on. */
  readonly parts: readonly Buffer[];
}

export interface BucketV1 {
  readonly objects?: readonly ObjectV1[];
  readonly uploads?: readonly UploadV1[];
  readonly ownerId?: string;
}

/** Writes the bucket as the local cloud of version 0.1 kept it, and returns its folder. */
export async function writeBucketV1(
  dataDir: string,
  name: string,
  { objects = [], uploads = [], ownerId = '1234567890123456' }: BucketV1,
): Promise<string> {
  const folder = path.join(dataDir, 'oss', 'buckets', name);
  await fs.mkdir(path.join(folder, 'objects'), { recursive: true });
  await fs.mkdir(path.join(folder, 'uploads'), { recursive: true });
  await writeJson(path.join(folder, 'bucket.json'), {
    name,
    ownerId,
    created: CREATED,
    acl: 'private',
    storageClass: 'Standard',
    redundancy: 'LRS',
    documents: {},
  });
  const lines: string[] = [];
  for (const { key, bytes, isLogged } of objects) {
    const record = `${hashOf(key)}.json`;
    const blob = `${hashOf(key)}.00000000-0000-4000-8000-000000000001`;
    const content = { key, versions: [versionV1(bytes, blob)] };
    if (isLogged) {
      const blobs = { [blob]: bytes.toString('base64') };
      lines.push(lineV1([{ record: { file: record, content }, blobs }]));
    } else {
      await fs.writeFile(path.join(folder, 'objects', blob), bytes);
      await writeJson(path.join(folder, 'objects', record), content);
    }
  }
  if (lines.length > 0) await fs.writeFile(path.join(folder, 'log.1'), lines.join(''));
  for (const { id, key, parts } of uploads) await writeUpload(folder, id, key, parts);
  return folder;
}

async function writeUpload(folder: string, id: string, key: string, parts: readonly Buffer[]): Promise<void> {
  const upload = path.join(folder, 'uploads', id);
  await fs.mkdir(upload);
  const template = { headers: {}, metadata: {}, tags: [], acl: 'default', storageClass: 'Standard' };
  await writeJson(path.join(upload, 'upload.json'), { id, key, initiated: CREATED, template });
  for (const [index, bytes] of parts.entries()) {
    const file = `${hashOf(key)}.00000000-0000-4000-9000-00000000000${index}`;
    await fs.writeFile(path.join(folder, 'objects', file), bytes);
    const { etag, crc64 } = versionV1(bytes, file);
    const segment = { file, size: bytes.length };
    await writeJson(path.join(upload, `${index + 1}.json`), {
      number: index + 1,
      segment,
      etag,
      crc64,
      lastModified: CREATED,
    });
  }
}

function versionV1(bytes: Buffer, file: string) {
  const crc = createCrc64();
  crc.update(bytes);
  const md5 = createHash('md5').update(bytes).digest();
  return {
    id: 'null',
    deleteMarker: false,
    type: 'Normal',
    segments: [{ file, size: bytes.length }],
    size: bytes.length,
    etag: md5.toString('hex').toUpperCase(),
    crc64: String(crc.digest()),
    contentMd5: md5.toString('base64'),
    lastModified: CREATED,
    headers: { 'content-type': 'text/plain' },
    metadata: { from: 'v1' },
    tags: [],
    acl: 'default',
    storageClass: 'Standard',
  };
}

/** A line of a journal of version 0.1. */
export function lineV1(records: readonly unknown[]): string {
  const payload = JSON.stringify(records);
  return `${createHash('sha256').update(payload).digest('hex').slice(0, 16)} ${payload}\n`;
}

const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');
const writeJson = (file: string, value: unknown) => fs.writeFile(file, JSON.stringify(value));
