import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { type FunctionConfig, type LocalFc, startLocalFc } from '../../local/fc/index.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import type { ResultDocument } from '../../shared/results/document.ts';
import { aFunction } from '../local/fc/support.ts';
import { mnsClientOf, ossClientOf } from '../support/cloud-clients.ts';
import { builtFunction } from '../support/functions.ts';
import { SAMPLES, sampleBytes } from '../support/photos.ts';
import { tempDir } from '../support/temp-dir.ts';

const DESTINATION = (queue: string) => `acs:mns:cn-shanghai:1234567890123456:/queues/${queue}/messages`;
const ASYNC = { maxRetries: 3, onSuccess: DESTINATION('succeeded'), onFailure: DESTINATION('failed') };

interface Stage {
  readonly cloud: LocalCloud;
  readonly fc: LocalFc;
  readonly photos: ObjectStore;
  /** The records in a queue of destinations. */
  records(queue: 'succeeded' | 'failed'): Promise<DestinationRecord[]>;
}

interface DestinationRecord {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly requestPayload: string;
  readonly responseContext: { readonly functionError: string };
  readonly responsePayload: string;
}

/** A bucket whose uploads below `incoming/` trigger the function. */
async function openStage(
  configure: (cloud: LocalCloud) => FunctionConfig | Promise<FunctionConfig>,
): Promise<Stage> {
  const cloud = await startLocalCloud({ region: 'cn-shanghai' });
  const oss = ossClientOf(cloud);
  const mns = mnsClientOf(cloud);
  await oss.createBucket('photos');
  for (const queue of ['succeeded', 'failed']) await cloud.mns.ensureQueue(queue);
  const config = await configure(cloud);
  const fc = await startLocalFc(cloud, {
    functions: [{ ...config, async: ASYNC }],
    ossTriggers: [
      {
        name: 'uploads',
        functionName: config.name,
        bucket: 'photos',
        events: ['oss:ObjectCreated:PutObject'],
        prefix: 'incoming/',
      },
    ],
  });
  onTestFinished(async () => {
    await fc.close();
    oss.close();
    mns.close();
    await cloud.close();
  });
  return {
    cloud,
    fc,
    photos: oss.bucket('photos'),
    async records(queue) {
      const messages = await mns.queue(queue).receive({ max: 16, waitSeconds: 0 });
      return messages.map(({ body }) => JSON.parse(body) as DestinationRecord);
    },
  };
}

describe('face-recognition behind an OSS trigger', () => {
  let codeDir: string;
  beforeAll(async () => {
    codeDir = await builtFunction('face-recognition');
  });
  afterAll(() => rm(codeDir, { recursive: true }));

  const openFaces = () =>
    openStage((cloud) => ({
      name: 'face-recognition',
      codeDir,
      handler: 'index.handler',
      initializer: 'index.initialize',
      preStop: 'index.preStop',
      environment: { OSS_ENDPOINT: cloud.oss.url, ENGINE: 'local', RESULT_PREFIX: 'results/' },
      timeoutSeconds: 60,
      memoryMb: 1024,
    }));

  test('face-recognition behind an OSS trigger writes the results of an upload in one run', async () => {
    const { fc, photos, records } = await openFaces();

    await photos.put('incoming/a.jpg', sampleBytes(1));
    await fc.settled();

    const document = await documentOf(photos, 'incoming/a.jpg');
    expect(document).toMatchObject({ outcome: 'processed', source: { key: 'incoming/a.jpg' } });
    expect(document.faces).toHaveLength(SAMPLES[1]);
    expect(await photos.head('results/incoming/a.jpg/annotated.jpg')).toBeDefined();
    expect(fc.history('face-recognition')).toHaveLength(1);
    expect(await records('succeeded')).toMatchObject([{ requestContext: { approximateInvokeCount: 1 } }]);
    expect(await records('failed')).toEqual([]);
  });

  test('face-recognition behind an OSS trigger runs once for an object that is not a picture', async () => {
    const { fc, photos, records } = await openFaces();

    await photos.put('incoming/a.jpg', Buffer.from('no picture'));
    await fc.settled();

    expect(await documentOf(photos, 'incoming/a.jpg')).toMatchObject({ outcome: 'invalid' });
    expect(fc.history('face-recognition')).toHaveLength(1);
    expect(await records('failed')).toEqual([]);
  });

  test('face-recognition runs four times while OSS refuses results, and the record at its destination is a valid event', async () => {
    const { cloud, fc, photos, records } = await openFaces();
    await photos.put('incoming/a.jpg', sampleBytes(1));
    const heal = cloud.faults.inject({ operation: 'PutObject', rate: 1, kind: 'error' });

    await fc.settled();
    heal();
    const [record] = await records('failed');
    const redriven = await fc.invoke('face-recognition', Buffer.from(JSON.stringify(record)));

    expect(record).toMatchObject({
      requestContext: { condition: 'FunctionError', approximateInvokeCount: 4 },
      responseContext: { functionError: 'HandledInvocationError' },
    });
    expect(fc.history('face-recognition').map(({ errorType }) => errorType)).toEqual([
      ...Array(4).fill('HandledInvocationError'),
      undefined,
    ]);
    expect(JSON.parse(redriven.body.toString())).toMatchObject({ records: [{ outcome: 'processed' }] });
  });
});

describe('functions behind an OSS trigger', () => {
  /** Does what `behavior` says, and leaves one line a run. */
  async function openProbe(behavior: string): Promise<Stage & { runs(): Promise<number> }> {
    const journal = join(await tempDir(), 'runs');
    await appendFile(journal, '');
    const code = `const fs = require('node:fs');
      exports.handler = async () => {
        fs.appendFileSync(process.env.JOURNAL, 'run\\n');
        const runs = fs.readFileSync(process.env.JOURNAL, 'utf8').split('\\n').length - 1;
        ${behavior}
      };`;
    const stage = await openStage(() =>
      aFunction(code, { environment: { JOURNAL: journal }, timeoutSeconds: 1 }),
    );
    return { ...stage, runs: async () => (await readFile(journal, 'utf8')).split('\n').length - 1 };
  }

  test.each([
    ['succeeds', '', 1, 'succeeded', ''],
    ['says that it failed for good', 'return { outcome: "failed" };', 1, 'succeeded', ''],
    ['fails twice and then succeeds', 'if (runs < 3) throw new Error("busy");', 3, 'succeeded', ''],
    ['always throws', 'throw new Error("busy");', 4, 'failed', 'HandledInvocationError'],
    ['never comes back', 'await new Promise(() => {});', 4, 'failed', 'UnhandledInvocationError'],
    ['ends its process', 'process.exit(3);', 4, 'failed', 'UnhandledInvocationError'],
  ] as const)('a function behind an OSS trigger that %s', async (_, behavior, runs, queue, functionError) => {
    const stage = await openProbe(behavior);

    await stage.photos.put('incoming/a.jpg', Buffer.from('x'));
    await stage.photos.put('elsewhere/a.jpg', Buffer.from('x'));
    await stage.fc.settled();

    expect(await stage.runs()).toBe(runs);
    const [record, ...others] = await stage.records(queue);
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      requestContext: { approximateInvokeCount: runs },
      responseContext: { functionError },
    });
    expect(JSON.parse(record!.requestPayload)).toMatchObject({
      events: [{ eventName: 'ObjectCreated:PutObject', oss: { object: { key: 'incoming/a.jpg' } } }],
    });
    expect(await stage.records(queue === 'failed' ? 'succeeded' : 'failed')).toEqual([]);
  });
});

async function documentOf(photos: ObjectStore, key: string): Promise<ResultDocument> {
  const { body } = await photos.get(`results/${key}/faces.json`);
  return JSON.parse(Buffer.concat(await body.toArray()).toString()) as ResultDocument;
}
