import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_ACCOUNT, startLocalCloud } from '../../../local/cloud.ts';
import { DEFAULT_QUEUE_SETTINGS } from '../../../local/mns/settings.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import { mnsClientOf, ossClientOf } from '../../support/cloud-clients.ts';
import { lineV1, type ObjectV1, writeBucketV1 } from '../../support/data-folder-v1.ts';

/** What clients were told is stored in a data folder. */
export interface Contents {
  /** The SHA-256 of the bytes by key. */
  readonly objects: ReadonlyMap<string, string>;
  readonly messages: ReadonlySet<string>;
  readonly rules: readonly string[];
}

export const BUCKET = 'things';
export const QUEUE = 'jobs';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Sizes on both sides of the one from which objects have files of their own, and of a chunk with its own checksum. */
const SIZES = [0, 1, 300, 4000, 32_000, 33_000, 70_000, 200_000];

const randomBytes = (size: number, random: Random) =>
  Buffer.from(Uint8Array.from({ length: size }, () => random() * 256));

const ruleOf = (name: string) =>
  ({
    name,
    eventTypes: ['ObjectCreated:PutObject'],
    resources: [{ bucket: BUCKET, prefix: `${name}/`, suffix: '' }],
    endpoints: [{ type: 'queue', name: QUEUE }],
    delivery: 'direct',
  }) as const;

/** Fills a data folder in three runs of a local cloud, so that it has an index, and logs and files of several starts. */
export async function fillFolder(dataDir: string, random: Random): Promise<Contents> {
  const objects = new Map<string, string>();
  const messages = new Set<string>();
  const rules: string[] = [];
  for (let run = 0; run < 3; run++) {
    const cloud = await startLocalCloud({ dataDir });
    const oss = ossClientOf(cloud);
    const mns = mnsClientOf(cloud);
    if (run === 0) {
      await oss.createBucket(BUCKET);
      await cloud.mns.ensureQueue(QUEUE);
    }
    const bucket = oss.bucket(BUCKET);
    const put = async (key: string, size: number) => {
      const bytes = randomBytes(size, random);
      await bucket.put(key, bytes);
      objects.set(key, sha256(bytes));
    };
    for (const size of SIZES) await put(`${size}-${run}`, size);
    await put('overwritten', 5000 + 30_000 * run);
    if (run > 0) {
      await bucket.delete(`300-${run - 1}`);
      objects.delete(`300-${run - 1}`);
    }
    for (let count = 0; count < 8; count++) {
      const body = `message ${run} ${count}`;
      await mns.queue(QUEUE).send(body);
      messages.add(body);
    }
    await cloud.rules.create(ruleOf(`rule-${run}`));
    rules.push(`rule-${run}`);
    oss.close();
    mns.close();
    await cloud.close();
  }
  return { objects, messages, rules };
}

/** Fills a data folder as version 0.1 left it. */
export async function fillFolderV1(dataDir: string, random: Random): Promise<Contents> {
  const objects: ObjectV1[] = SIZES.flatMap((size) =>
    [false, true].map((isLogged) => ({
      key: `${size}-${isLogged}`,
      bytes: randomBytes(size, random),
      isLogged: isLogged && size < 50_000,
    })),
  );
  await writeBucketV1(dataDir, BUCKET, { objects, ownerId: DEFAULT_ACCOUNT.accountId });
  const now = Date.now();
  const times = { createTime: now, lastModifyTime: now };
  const queue = { name: QUEUE, settings: DEFAULT_QUEUE_SETTINGS, ...times };
  const lines = [lineV1([{ type: 'queue', queue }])];
  const messages = new Set<string>();
  for (let order = 1; order <= 20; order++) {
    const body = `message ${order}`;
    const bodyMD5 = createHash('md5').update(body).digest('hex').toUpperCase();
    const visibility = { visibleAt: now, dequeueCount: 0 };
    const message = { order, id: `id-${order}`, body, bodyMD5, priority: 8, enqueueTime: now, visibility };
    lines.push(lineV1([{ type: 'message', queue: QUEUE, message }]));
    messages.add(body);
  }
  await fs.mkdir(join(dataDir, 'mns'), { recursive: true });
  await fs.writeFile(join(dataDir, 'mns', 'journal'), lines.join(''));
  const rules = [{ ...ruleOf('rule-0'), format: 'SIMPLIFIED', created: now }];
  await fs.writeFile(join(dataDir, 'rules.json'), JSON.stringify(rules));
  return {
    objects: new Map(objects.map(({ key, bytes }) => [key, sha256(bytes)])),
    messages,
    rules: ['rule-0'],
  };
}
