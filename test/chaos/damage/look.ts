import { buffer } from 'node:stream/consumers';
import { startLocalCloud } from '../../../local/cloud.ts';
import { isAppError } from '../../../shared/runtime/errors.ts';
import { createLogger } from '../../../shared/runtime/log.ts';
import { mnsClientOf, ossClientOf } from '../../support/cloud-clients.ts';
import { BUCKET, type Contents, QUEUE, sha256 } from './filled-folder.ts';

/** What a start of the local cloud on a data folder shows. */
export interface Look {
  /** Why it did not start. */
  readonly refused?: string;
  /** Errors in its log. */
  readonly reports: readonly string[];
  /** Objects that are answered with an error. */
  readonly unreadable: readonly string[];
  /** What is missing without an error. */
  readonly lost: readonly string[];
  /** What was never stored, or was deleted. */
  readonly wrong: readonly string[];
}

export async function lookAt(dataDir: string, expected: Contents): Promise<Look> {
  const reports: string[] = [];
  const logger = createLogger({ level: 'error', write: (line) => void reports.push(line) });
  let cloud: Awaited<ReturnType<typeof startLocalCloud>>;
  try {
    cloud = await startLocalCloud({ dataDir, logger });
  } catch (error) {
    if (!isAppError(error, 'StorageCorrupt')) throw error;
    return { refused: error.message, reports, unreadable: [], lost: [], wrong: [] };
  }
  const reportsOfStart = [...reports];
  const oss = ossClientOf(cloud);
  const mns = mnsClientOf(cloud);
  const unreadable = new Set<string>();
  const lost: string[] = [];
  const wrong: string[] = [];
  try {
    const found = new Map<string, string>();
    try {
      for await (const { key } of oss.bucket(BUCKET).list()) {
        const bytes = await oss
          .bucket(BUCKET)
          .get(key)
          .then(({ body }) => buffer(body))
          .catch(() => undefined);
        if (bytes) found.set(key, sha256(bytes));
        else unreadable.add(key);
      }
    } catch (error) {
      if (!isAppError(error, 'NoSuchBucket') && !isAppError(error, 'AccessDenied')) throw error;
      lost.push('the bucket');
    }
    for (const [key, hash] of found) {
      if (!expected.objects.has(key)) wrong.push(`${key} is back`);
      else if (expected.objects.get(key) !== hash) wrong.push(`${key} has other bytes`);
    }
    for (const key of expected.objects.keys()) {
      if (!found.has(key) && !unreadable.has(key)) lost.push(key);
    }

    const messages = new Set<string>();
    try {
      for (;;) {
        const batch = await mns.queue(QUEUE).receive({ max: 16, waitSeconds: 0 });
        if (batch.length === 0) break;
        for (const { body } of batch) messages.add(body);
      }
    } catch (error) {
      if (!isAppError(error, 'QueueNotExist')) throw error;
    }
    for (const body of messages) if (!expected.messages.has(body)) wrong.push(body);
    for (const body of expected.messages) if (!messages.has(body)) lost.push(body);

    const rules = new Set(cloud.rules.list().map(({ name }) => name));
    for (const name of rules) if (!expected.rules.includes(name)) wrong.push(name);
    for (const name of expected.rules) if (!rules.has(name)) lost.push(name);
  } finally {
    oss.close();
    mns.close();
    await cloud.close();
  }
  return { reports: reportsOfStart, unreadable: [...unreadable], lost, wrong };
}
