import { readFile } from 'node:fs/promises';
import OSS from 'ali-oss';
import { describe, expect, it, vi } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import type { ResultDocument } from '../../shared/results/document.ts';
import { startApp, type TestApp } from '../support/app.ts';

/** The official client, as its users set it up for an endpoint that is no domain. */
function officialClient({ connection }: TestApp, authorizationV4: boolean) {
  const { account, ossUrl, region, bucket } = connection;
  return new OSS({
    endpoint: ossUrl.replace('127.0.0.1', 'localhost'),
    sldEnable: true,
    region: `oss-${region}`,
    bucket,
    accessKeyId: account.accessKeyId,
    accessKeySecret: account.accessKeySecret,
    authorizationV4,
  } as OSS.Options);
}

type Uploader = (
  client: OSS,
  key: string,
  photo: { path: string; bytes: Buffer },
  app: TestApp,
) => Promise<string>;

const requestIdOf = (result: { res?: unknown }) =>
  (result.res as { headers: Record<string, string> }).headers['x-oss-request-id']!;

/** Each puts a whole photo under the key and gives the request id of the call that completed it. */
const UPLOADS: Record<string, { eventName: string; upload: Uploader }> = {
  put: {
    eventName: 'ObjectCreated:PutObject',
    upload: async (client, key, { bytes }) => requestIdOf(await client.put(key, bytes)),
  },
  'POST form': {
    eventName: 'ObjectCreated:PostObject',
    async upload(client, key, { bytes }, { connection }) {
      const policy = {
        expiration: new Date(Date.now() + 60_000).toISOString(),
        conditions: [['eq', '$key', key]],
      };
      const fields = client.calculatePostSignature(policy) as unknown as Record<string, string>;
      const form = new FormData();
      form.set('key', key);
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      form.set('file', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), 'photo.jpg');
      const response = await fetch(`${connection.ossUrl}/${connection.bucket}`, {
        method: 'POST',
        body: form,
      });
      expect(response.status).toBe(204);
      return response.headers.get('x-oss-request-id')!;
    },
  },
  copy: {
    eventName: 'ObjectCreated:CopyObject',
    async upload(client, key, { bytes }) {
      await client.put('originals/photo.jpg', bytes);
      return requestIdOf(await client.copy(key, 'originals/photo.jpg'));
    },
  },
  multipart: {
    eventName: 'ObjectCreated:CompleteMultipartUpload',
    upload: async (client, key, { path }) =>
      requestIdOf(await client.multipartUpload(key, path, { partSize: 102_400, parallel: 2 })),
  },
  append: {
    eventName: 'ObjectCreated:AppendObject',
    upload: async (client, key, { bytes }) => requestIdOf(await client.append(key, bytes)),
  },
};

describe.each([
  ['V4', true],
  ['V1', false],
])('with signature %s, the official client', (_version, authorizationV4) => {
  it.each(Object.entries(UPLOADS))(
    'uploads by %s and finds exactly one result',
    async (how, { eventName, upload }) => {
      const app = await startApp();
      const client = officialClient(app, authorizationV4);
      const path = (await samplePhotos())[0]!.path;
      const bytes = await readFile(path);
      const key = `incoming/${how.replace(' ', '-')}/照片 1.jpg`;

      const requestId = await upload(client, key, { path, bytes }, app);
      await vi.waitFor(() => expect(app.seen).toHaveLength(1), { timeout: 20_000 });

      const { event, outcome } = app.seen[0]!;
      expect(outcome).toMatchObject({ outcome: 'processed', faces: 3 });
      const { accountId } = app.connection.account;
      const head = await client.head(key);
      const etag = String((head.res.headers as Record<string, string>).etag).replaceAll('"', '');
      expect(event.record).toEqual({
        eventName,
        eventSource: 'acs:oss',
        eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
        eventVersion: '1.0',
        oss: {
          bucket: {
            arn: `acs:oss:cn-hangzhou:${accountId}:photos`,
            name: 'photos',
            ownerIdentity: accountId,
            virtualBucket: '',
          },
          object: {
            deltaSize: bytes.length,
            eTag: etag,
            key,
            size: bytes.length,
            ...(how === 'append' && { position: 0 }),
          },
          ossSchemaVersion: '1.0',
          ruleId: 'face-uploads',
        },
        region: 'cn-hangzhou',
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { requestId },
        userIdentity: { principalId: accountId },
      });

      const listed = await client.listV2({ prefix: 'results/', 'max-keys': '100' }, {});
      expect(listed.objects.map(({ name }) => name)).toEqual(
        ['annotated.jpg', 'faces.json', 'faces/0.jpg', 'faces/1.jpg', 'faces/2.jpg'].map(
          (name) => `results/${key}/${name}`,
        ),
      );
      const { content } = await client.get(`results/${key}/faces.json`);
      const document = JSON.parse(content.toString()) as ResultDocument;
      expect(document.source).toMatchObject({
        key,
        requestId,
        etag,
        size: bytes.length,
        width: 1920,
        height: 1280,
      });
    },
  );
});
