import sharp from 'sharp';
import {
  createFunctionHooks,
  type FunctionHooks,
} from '../../../functions/face-recognition/managed/hooks.ts';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import type { OssClient } from '../../../shared/oss/client.ts';
import type { ObjectStore } from '../../../shared/oss/object-store.ts';
import type { ResultDocument } from '../../../shared/results/document.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import type { InvocationContext } from '../../../shared/runtime/invocation-context.ts';
import { mnsClientOf, ossClientOf } from '../../support/cloud-clients.ts';
import { ossRecord } from '../../support/oss-record.ts';

/** A local cloud with the bucket `photos`, the function, and what it said. */
export interface Stage {
  readonly cloud: LocalCloud;
  readonly oss: OssClient;
  readonly photos: ObjectStore;
  readonly fn: FunctionHooks;
  readonly lines: Record<string, unknown>[];
  /** As the service makes it for each invocation: with temporary credentials of its own. */
  context(changes?: { timeout?: number; requestId?: string }): InvocationContext;
  close(): Promise<void>;
}

const DEAD_LETTERS = 'face-dead-letters';

export async function openStage(env: NodeJS.ProcessEnv = {}): Promise<Stage> {
  const cloud = await startLocalCloud({ region: 'cn-shanghai', facebodyQuota: 1000 });
  const oss = ossClientOf(cloud);
  await oss.createBucket('photos');
  await cloud.mns.ensureQueue(DEAD_LETTERS);
  const lines: Record<string, unknown>[] = [];
  const fn = createFunctionHooks({
    env: {
      FC_REGION: cloud.region,
      FC_ACCOUNT_ID: cloud.accountId,
      MNS_ENDPOINT: cloud.mns.url,
      DEAD_LETTERS: `mns:${DEAD_LETTERS}`,
      OSS_ENDPOINT: cloud.oss.url,
      OSS_TIMEOUT_SECONDS: '2',
      FACEBODY_ENDPOINT: cloud.facebody.endpoint,
      FACEBODY_UPLOAD_ENDPOINT: cloud.facebody.endpoint,
      FACEBODY_PROTOCOL: 'HTTP',
      FACEBODY_QPS: '1000',
      ...env,
    },
    clock: systemClock,
    random: () => 0,
    write: (line) => lines.push(JSON.parse(line)),
  });
  const context: Stage['context'] = ({ timeout = 30, requestId = 'request-1' } = {}) => ({
    requestId,
    credentials: cloud.issueCredentials(),
    function: { timeout },
  });
  return {
    cloud,
    oss,
    photos: oss.bucket('photos'),
    fn,
    lines,
    context,
    async close() {
      await fn.preStop(context());
      oss.close();
      await cloud.close();
    },
  };
}

/** A picture without a face. */
export function aPicture(): Promise<Buffer> {
  return sharp({ create: { width: 64, height: 64, channels: 3, background: '#336699' } })
    .jpeg()
    .toBuffer();
}

/** Uploads a picture and gives the record that OSS sends of it. */
export async function upload({ photos }: Stage, key: string, bytes?: Uint8Array) {
  const body = bytes ?? (await aPicture());
  const { etag, requestId } = await photos.put(key, body);
  const record = ossRecord({ key, requestId, size: body.length });
  return { ...record, oss: { ...record.oss, object: { ...record.oss.object, eTag: etag } } };
}

export const notification = (...records: readonly unknown[]) =>
  Buffer.from(JSON.stringify({ events: records }));

export async function documentOf({ photos }: Stage, key: string): Promise<ResultDocument> {
  const { body } = await photos.get(`results/${key}/faces.json`);
  return JSON.parse(Buffer.concat(await body.toArray()).toString()) as ResultDocument;
}

/** The dead letters of the function, oldest first. */
export async function lettersOf({ cloud }: Stage): Promise<Record<string, unknown>[]> {
  const mns = mnsClientOf(cloud);
  const messages = await mns.queue(DEAD_LETTERS).receive({ max: 16, waitSeconds: 0 });
  mns.close();
  return messages.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}
