import sharp from 'sharp';
import { startLocalCloud } from '../../local/cloud.ts';
import { notificationOf } from '../../local/events/notification.ts';
import { mnsClientOf, ossClientOf } from '../../test/support/cloud-clients.ts';
import { fakeEngine } from '../../test/support/fake-engine.ts';

/** Environment and arguments of the handlers. */
export interface Stage {
  readonly environment: Readonly<Record<string, string>>;
  /** Uploads a new picture and returns its event. */
  upload(): Promise<string>;
  readonly timer: string;
  readonly context: string;
  close(): Promise<void>;
}

/** A local cloud that answers at once: FaceBody finds no face and has no quota. The queue is empty. */
export async function openStage(): Promise<Stage> {
  const cloud = await startLocalCloud({
    region: 'cn-shanghai',
    facebodyQuota: Number.POSITIVE_INFINITY,
    faceEngine: fakeEngine(),
  });
  const oss = ossClientOf(cloud);
  const mns = mnsClientOf(cloud);
  await oss.createBucket('photos');
  for (const queue of ['uploads', 'dead']) await mns.createQueue(queue);
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#369' } })
    .jpeg()
    .toBuffer();
  let uploads = 0;
  let event = '';
  cloud.onObjectChange((change) => {
    event = notificationOf(change, 'uploads', cloud.region);
  });
  return {
    environment: {
      PATH: process.env.PATH ?? '',
      FC_REGION: cloud.region,
      LOG_LEVEL: 'error',
      ENGINE: 'facebody',
      OSS_ENDPOINT: cloud.oss.url,
      FACEBODY_ENDPOINT: cloud.facebody.endpoint,
      FACEBODY_UPLOAD_ENDPOINT: cloud.facebody.endpoint,
      FACEBODY_PROTOCOL: 'HTTP',
      MNS_ENDPOINT: cloud.mns.url,
      MNS_QUEUE: 'uploads',
      DEAD_LETTERS: 'mns:dead',
      K_SINK: 'http://127.0.0.1:9/',
      WAIT_SECONDS: '0',
    },
    async upload() {
      const key = `incoming/${uploads++}.jpg`;
      await oss.bucket('photos').put(key, picture);
      return event;
    },
    timer: '{"triggerTime":"2026-01-01T00:00:00Z","triggerName":"every-minute","payload":""}',
    context: JSON.stringify({
      requestId: 'cold',
      credentials: cloud.issueCredentials(),
      function: { timeout: 60 },
    }),
    async close() {
      oss.close();
      mns.close();
      await cloud.close();
    },
  };
}
