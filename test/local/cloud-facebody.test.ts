import { join } from 'node:path';
import * as facebody from '@alicloud/facebody20191230';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LocalCloudOptions, startLocalCloud } from '../../local/cloud.ts';
import { streamOf } from '../../shared/faces/engines/facebody/operations.ts';
import type { SdkClient } from '../../shared/faces/engines/facebody/sdk.ts';
import { manualClock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import { aFace, fakeEngine } from '../support/fake-engine.ts';
import { sampleBytes } from '../support/photos.ts';
import { tempDir } from '../support/temp-dir.ts';

type Runtime = Parameters<SdkClient['recognizeFaceWithOptions']>[1];
const RUNTIME = { connectTimeout: 10_000, readTimeout: 15_000 } as Runtime;

/** The official SDK, pointed at the cloud as its users do it. */
function sdkFor(endpoint: string, credentials: Credentials): SdkClient {
  const Client = facebody.default.default ?? facebody.default;
  const config = { ...credentials, endpoint, protocol: 'HTTP', regionId: 'cn-shanghai' };
  const client = new Client(config as unknown as ConstructorParameters<typeof Client>[0]);
  client._openPlatformEndpoint = endpoint;
  return client;
}

/** A cloud whose FaceBody sees one face in every picture. */
async function start(options: LocalCloudOptions = {}) {
  const box = { x: 100, y: 100, width: 200, height: 200 };
  const cloud = await startLocalCloud({
    faceEngine: fakeEngine(() => [aFace({ box, embedding: Float32Array.of(1, 0) })]),
    ...options,
  });
  onTestFinished(() => cloud.close());
  return { cloud, sdk: sdkFor(cloud.facebody.endpoint, cloud.credentials) };
}

const detect = (sdk: SdkClient) =>
  sdk.detectFaceAdvance(
    new facebody.DetectFaceAdvanceRequest({ imageURLObject: streamOf(sampleBytes(1)) }),
    RUNTIME,
  );

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );

async function enrol(sdk: SdkClient): Promise<void> {
  await sdk.createFaceDbWithOptions(new facebody.CreateFaceDbRequest({ name: 'staff' }), RUNTIME);
  const who = { dbName: 'staff', entityId: 'anna' };
  await sdk.addFaceEntityWithOptions(new facebody.AddFaceEntityRequest({ ...who, labels: 'a' }), RUNTIME);
  const face = { ...who, extraData: 'photo', imageUrlObject: streamOf(sampleBytes(1)) };
  await sdk.addFaceAdvance(new facebody.AddFaceAdvanceRequest(face), RUNTIME);
}

async function search(sdk: SdkClient) {
  const asked = { dbName: 'staff', limit: 1, imageUrlObject: streamOf(sampleBytes(1)) };
  const { body } = await sdk.searchFaceAdvance(new facebody.SearchFaceAdvanceRequest(asked), RUNTIME);
  const [found] = body!.data!.matchList![0]!.faceItems!;
  return found && { entityId: found.entityId, score: found.score, extraData: found.extraData };
}

describe('FaceBody of the local cloud', () => {
  test('the official SDK receives the faces that the embedded engine finds', async () => {
    const cloud = await startLocalCloud();
    onTestFinished(() => cloud.close());

    const { body } = await detect(sdkFor(cloud.facebody.endpoint, cloud.credentials));

    expect(body?.data?.faceCount).toBe(3);
    expect(cloud.facebody.stats().DetectFace).toMatchObject({ received: 1, answered: 1 });
  });

  test('FaceBody accepts the accounts of the cloud and refuses a wrong secret', async () => {
    const other = { accountId: '2', accessKeyId: 'other', accessKeySecret: 'secret' };
    const { cloud, sdk } = await start({
      accounts: [{ accountId: '1', accessKeyId: 'first', accessKeySecret: 'secret' }, other],
    });
    const stranger = sdkFor(cloud.facebody.endpoint, { ...other, accessKeySecret: 'guessed' });

    expect(await codeOf(detect(sdk))).toBe('done');
    expect(await codeOf(detect(sdkFor(cloud.facebody.endpoint, other)))).toBe('done');
    expect(await codeOf(detect(stranger))).toBe('SignatureDoesNotMatch');
  });

  test('FaceBody accepts temporary credentials until they expire', async () => {
    const clock = manualClock(Date.now());
    const { cloud } = await start({ clock });
    const credentials = cloud.issueCredentials({ durationMs: 60_000 });
    const sdk = sdkFor(cloud.facebody.endpoint, credentials);
    const forged = sdkFor(cloud.facebody.endpoint, { ...credentials, securityToken: 'forged' });

    expect(await codeOf(detect(sdk))).toBe('done');
    expect(await codeOf(detect(forged))).toBe('InvalidSecurityToken.MismatchWithAccessKey');
    await clock.advance(60_000);
    expect(await codeOf(detect(sdk))).toBe('InvalidSecurityToken.Expired');
  });

  test('FaceBody accepts any signature if signatures are not checked', async () => {
    const { cloud } = await start({ checkSignatures: false });

    const sdk = sdkFor(cloud.facebody.endpoint, { accessKeyId: 'x', accessKeySecret: 'y' });

    expect(await codeOf(detect(sdk))).toBe('done');
  });

  test('FaceBody counts its quota by the clock of the cloud', async () => {
    const clock = manualClock(Math.floor(Date.now() / 1000) * 1000);
    const { sdk } = await start({ clock });

    const first = [await codeOf(detect(sdk)), await codeOf(detect(sdk)), await codeOf(detect(sdk))];
    await clock.advance(1000);

    expect(first).toEqual(['done', 'done', 'Throttling']);
    expect(await codeOf(detect(sdk))).toBe('done');
  });

  test('a fault of the cloud affects FaceBody by the name of its operation', async () => {
    const { cloud, sdk } = await start();

    const heal = cloud.faults.inject({ operation: 'DetectFace', rate: 1, kind: 'error' });
    expect(await codeOf(detect(sdk))).toBe('InternalError');
    heal();
    cloud.faults.inject({ operation: 'DetectFace', rate: 1, kind: 'throttle' });
    expect(await codeOf(detect(sdk))).toBe('Throttling');
    cloud.faults.clear();
    cloud.faults.inject({ operation: '*', rate: 1, kind: 'reset', when: 'before' });
    expect(await codeOf(detect(sdk))).toBe('ECONNRESET');
    cloud.faults.clear();
    cloud.facebody.faults.inject('DetectFace', { kind: 'error', code: 'InvalidImage.NotFoundFace' });
    expect(await codeOf(detect(sdk))).toBe('InvalidImage.NotFoundFace');
  });

  test('a reset deletes people, quotas and counts of FaceBody', async () => {
    const { cloud, sdk } = await start({ facebodyQuota: 100 });
    await enrol(sdk);
    expect(await search(sdk)).toMatchObject({ entityId: 'anna' });
    cloud.facebody.quotas.set(0.5);

    await cloud.reset();

    expect(cloud.facebody.stats()).toEqual({});
    expect(await codeOf(search(sdk))).toBe('DBNameNotExist');
    for (const _ of [1, 2, 3]) expect(await codeOf(detect(sdk))).toBe('done');
  });

  test('FaceBody deletes a face that no search has found for six months', async () => {
    const days = (count: number) => count * 24 * 60 * 60 * 1000;
    const { cloud, sdk } = await start({ facebodyQuota: 100 });
    await enrol(sdk);

    await cloud.clock.advance(days(100));
    expect(await search(sdk)).toMatchObject({ entityId: 'anna' });
    await cloud.clock.advance(days(182));
    expect(await search(sdk)).toMatchObject({ entityId: 'anna' });
    await cloud.clock.advance(days(184));
    expect(await search(sdk)).toBeUndefined();
  });

  test.each(['at once', 'after a reset'])(
    'a person who was enrolled %s is found again in the data folder',
    async (when) => {
      const dataDir = join(await tempDir(), 'data');
      const first = await startLocalCloud({
        dataDir,
        faceEngine: fakeEngine(() => [aFace({ embedding: Float32Array.of(0.6, 0.8) })]),
        facebodyQuota: 100,
      });
      const sdk = sdkFor(first.facebody.endpoint, first.credentials);
      if (when === 'after a reset') {
        await enrol(sdk);
        await first.reset();
      }
      await enrol(sdk);
      await first.close();

      const second = await start({
        dataDir,
        faceEngine: fakeEngine(() => [aFace({ embedding: Float32Array.of(0.6, 0.8) })]),
      });

      expect(await search(second.sdk)).toMatchObject({
        entityId: 'anna',
        score: expect.closeTo(1, 5),
        extraData: 'photo',
      });
    },
  );
});
