import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createOssClient } from '../../../../shared/oss/client.ts';
import { openBuckets } from '../../../../shared/pipeline/compose/buckets.ts';
import { OSS_OPTIONS } from '../../../../shared/pipeline/compose/oss-options.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../../shared/runtime/credentials.ts';
import { readOptions } from '../../../../shared/runtime/options.ts';
import { startScriptedServer } from '../../../support/scripted-server.ts';

const OBJECT = { bucket: 'photos', key: 'incoming/a b.jpg', region: 'cn-hangzhou' };

const credentials = staticCredentials({ accessKeyId: 'ak', accessKeySecret: 'sk' });

/** The buckets of an environment, closed at the end of the test. */
function open(env: NodeJS.ProcessEnv) {
  const clock = manualClock();
  const buckets = openBuckets(readOptions(OSS_OPTIONS, { REGION: OBJECT.region, ...env }), {
    credentials,
    clock,
    random: () => 0,
  });
  onTestFinished(buckets.close);
  return { ...buckets, clock };
}

/** A server with one object, and the connections that it accepted. */
async function startServer() {
  const sockets = new Set<Socket>();
  const server = await startScriptedServer((_request, _index, response) => {
    sockets.add(response.socket!);
    return {
      headers: { 'content-length': '5', etag: '"abc"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
      body: 'hello',
    };
  });
  onTestFinished(() => server.close());
  return { ...server, sockets };
}

test('objects are read from the endpoint of the environment', async () => {
  const server = await startServer();
  const { openBucket } = open({ OSS_ENDPOINT: server.url });

  const { body } = await openBucket('photos').get('a.jpg');

  expect(Buffer.concat(await body.toArray()).toString()).toBe('hello');
  expect(server.requests[0]).toMatchObject({ method: 'GET', target: '/photos/a.jpg' });
  expect(server.requests[0]?.headers.authorization).toContain('/cn-hangzhou/oss/');
});

test('a presigned URL is for reading, for one hour', async () => {
  const { presign, clock } = open({});
  const client = createOssClient({ region: OBJECT.region, credentials, clock });
  onTestFinished(client.close);

  expect(await presign(OBJECT)).toBe(
    await client.presign({ ...OBJECT, method: 'GET', expiresSeconds: 3600 }),
  );
});

test('a presigned URL is public, also when the function itself uses the internal network', async () => {
  const { presign } = open({ OSS_INTERNAL: 'true' });

  expect(new URL(await presign(OBJECT)).host).toBe('photos.oss-cn-hangzhou.aliyuncs.com');
});

test('close ends the connections', async () => {
  const server = await startServer();
  const { openBucket, close } = open({ OSS_ENDPOINT: server.url });
  const read = async () => (await openBucket('photos').get('a.jpg')).body.toArray();
  await read();
  await read();
  const before = server.sockets.size;

  close();
  await read();

  expect([before, server.sockets.size]).toEqual([1, 2]);
});
