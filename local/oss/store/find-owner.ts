import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { readFrames } from '../../disk/frames.ts';
import { logFile, logFilesIn } from '../../disk/scan-log.ts';
import { decodeChanges } from './changes.ts';
import { decode, entryKeys } from './entries.ts';
import type { BucketRecord } from './records.ts';

/** The account that owns the buckets in the folder of OSS, of this format or that of version 0.1; `undefined` without buckets. */
export async function findOwner(folder: string): Promise<string | undefined> {
  return (await ownerInLog(path.join(folder, 'log'))) ?? (await ownerInV1(path.join(folder, 'buckets')));
}

async function ownerInLog(folder: string): Promise<string | undefined> {
  for (const number of await logFilesIn(folder)) {
    const file = await fs.open(logFile(folder, number), 'r');
    try {
      for await (const batch of readFrames(file)) {
        for (const frame of batch) {
          if (!('text' in frame)) continue;
          for (const { key, value } of decodeChanges(frame.text).changes) {
            if (value !== undefined && key.startsWith(entryKeys.bucket('')))
              return decode<BucketRecord>(value).ownerId;
          }
        }
      }
    } finally {
      await file.close();
    }
  }
  return undefined;
}

async function ownerInV1(folder: string): Promise<string | undefined> {
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const text = await fs.readFile(path.join(folder, name, 'bucket.json'), 'utf8').catch(() => '');
    const [, ownerId] = /"ownerId":"(\d+)"/.exec(text) ?? [];
    if (ownerId !== undefined) return ownerId;
  }
  return undefined;
}
