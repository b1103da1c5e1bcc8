import AliOss from 'ali-oss';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mnsClientOf } from '../../support/cloud-clients.ts';
import { ossRecord } from '../../support/oss-record.ts';
import { aPicture, documentOf, notification, openStage, type Stage, upload } from './support.ts';

const KEY = 'incoming/a.jpg';

/** Milliseconds until an object of the class is restored, and the order for it. */
const CLASSES = [
  ['Archive', 60_000, { type: 'Archive' }],
  ['ColdArchive', 5 * 3_600_000, { type: 'ColdArchive', Days: 1, JobParameters: 'Standard' }],
  ['DeepColdArchive', 48 * 3_600_000, { type: 'ColdArchive', Days: 1, JobParameters: 'Standard' }],
] as const;

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

/** Uploads a picture in a storage class, as anybody may who may upload. */
async function uploadTo(storageClass: string) {
  const put = await client().put(KEY, await aPicture(), { headers: { 'x-oss-storage-class': storageClass } });
  const { 'x-oss-request-id': requestId, etag } = put.res.headers as Record<string, string>;
  return ossRecord({ key: KEY, requestId: requestId!, eTag: etag!.replaceAll('"', '') });
}

function client(): AliOss {
  const { cloud } = stage;
  const endpoint = cloud.oss.url.replace('127.0.0.1', 'localhost');
  return new AliOss({ ...cloud.credentials, endpoint, sldEnable: true, bucket: 'photos' } as AliOss.Options);
}

const invoke = async (event: Uint8Array) =>
  (await stage.fn.handler(event, stage.context())) as { records: Record<string, unknown>[] };

describe.each(CLASSES)('an object of the class %s', (storageClass, restoreMs, order) => {
  test('fails with a code and leaves the other records of its event alone', async () => {
    const archived = await uploadTo(storageClass);
    const good = await upload(stage, 'incoming/b.jpg');

    const { records } = await invoke(notification(archived, good));

    expect(records).toMatchObject([
      { key: KEY, outcome: 'failed', code: 'ObjectArchived' },
      { key: 'incoming/b.jpg', outcome: 'processed' },
    ]);
    const document = await documentOf(stage, KEY);
    expect(document).toMatchObject({ outcome: 'failed', error: { code: 'ObjectArchived' } });
  });

  test('is processed by another delivery of its event once it is restored', async () => {
    const event = notification(await uploadTo(storageClass));
    await invoke(event);

    await client().restore(KEY, order as never);
    const meanwhile = await invoke(event);
    await stage.cloud.clock.advance(restoreMs);
    const restored = await invoke(event);
    const again = await invoke(event);

    expect(meanwhile.records).toMatchObject([{ outcome: 'failed', code: 'ObjectArchived' }]);
    expect(restored.records).toMatchObject([{ outcome: 'processed' }]);
    expect(again.records).toMatchObject([{ outcome: 'duplicate' }]);
    expect(await documentOf(stage, KEY)).toMatchObject({ outcome: 'processed' });
  });
});

test('the end of a restore is an event that processes the object, unless it has a result already', async () => {
  const { cloud } = stage;
  const mns = mnsClientOf(cloud);
  await cloud.mns.ensureQueue('uploads');
  await cloud.rules.ensure({
    name: 'uploads',
    eventTypes: ['ObjectRestore:FinishRestore'],
    resources: [{ bucket: 'photos', prefix: 'incoming/', suffix: '' }],
    endpoints: [{ type: 'queue', name: 'uploads' }],
  });
  await invoke(notification(await uploadTo('ColdArchive')));

  await client().restore(KEY, { type: 'ColdArchive', Days: 1, JobParameters: 'Standard' } as never);
  await cloud.clock.advance(5 * 3_600_000);
  const [message] = await mns.queue('uploads').receive({ max: 16, waitSeconds: 2 });
  const first = await invoke(Buffer.from(message!.body));
  const second = await invoke(Buffer.from(message!.body));

  expect(first.records).toMatchObject([{ key: KEY, outcome: 'processed' }]);
  expect(second.records).toMatchObject([{ key: KEY, outcome: 'duplicate' }]);
  mns.close();
});

test('an object of a bucket that was deleted after its event is gone', async () => {
  const { records } = await invoke(notification(ossRecord({ bucket: 'deleted', key: KEY })));

  expect(records).toMatchObject([{ outcome: 'gone', removed: 0 }]);
});

test('a missing bucket of results stops every record, because a person must name another one', async () => {
  const fn = await openStage({ RESULT_BUCKET: 'absent' });
  const event = notification(await upload(fn, KEY));

  await expect(fn.fn.handler(event, fn.context())).rejects.toMatchObject({ code: 'NoSuchBucket' });
  await fn.close();
});
