import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEntry } from '../../support/child-program.ts';
import { sampleBytes } from '../../support/photos.ts';
import { startStsServer } from '../../support/sts-server.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { documentOf, notification, openStage, type Stage, upload } from './support.ts';

const ENTRY = 'functions/face-recognition/server.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

function start(variables: Record<string, string> = {}) {
  const { accessKeyId, accessKeySecret } = stage.cloud.credentials;
  return startEntry(ENTRY, {
    PORT: '0',
    REGION: stage.cloud.region,
    SOURCE_BUCKETS: 'photos',
    OSS_ENDPOINT: stage.cloud.oss.url,
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
    ...variables,
  });
}

describe('receiver', () => {
  test('the receiver is live at once, ready with its models, and finishes a photo after SIGTERM', async () => {
    const program = start();
    const { port } = await program.line('receiver listens');
    const url = `http://127.0.0.1:${port}`;
    const live = await fetch(`${url}/livez`);
    await program.line('receiver is ready');
    const ready = await fetch(`${url}/readyz`);
    const lift = stage.cloud.faults.inject({ operation: 'PutObject', rate: 1, kind: 'latency', ms: 300 });
    const record = await upload(stage, 'incoming/a.jpg', sampleBytes(1));

    const answered = fetch(url, { method: 'POST', body: new Uint8Array(notification(record)) });
    await untilInFlight(url);
    program.process.kill('SIGTERM');
    const answer = await answered;
    lift();

    expect([live.status, ready.status, answer.status]).toEqual([200, 200, 200]);
    expect(await program.ended()).toBe(0);
    expect(await program.line('receiver has stopped')).toMatchObject({ unanswered: 0 });
    expect((await documentOf(stage, 'incoming/a.jpg')).faces).toHaveLength(3);
    expect(program.stderr()).toBe('');
  });

  test('the receiver exits when it is stopped before its models are loaded', async () => {
    const program = start();
    await program.line('receiver listens');

    program.process.kill('SIGTERM');

    expect(await program.ended()).toBe(0);
  });

  test('the receiver works with the role of its service account, without any key', async () => {
    const sts = await startStsServer('token', () => stage.cloud.issueCredentials());
    const tokenFile = join(await tempDir(), 'token');
    await writeFile(tokenFile, 'token');
    const program = start({
      ALIBABA_CLOUD_ACCESS_KEY_ID: '',
      ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1234567890123456:role/faces',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1234567890123456:oidc-provider/cluster',
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: tokenFile,
      ALIBABA_CLOUD_STS_ENDPOINT: sts.url,
    });
    const { port } = await program.line('receiver listens');
    const record = await upload(stage, 'incoming/a.jpg');

    const answer = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      body: new Uint8Array(notification(record)),
    });

    expect(answer.status).toBe(200);
    expect(sts.forms).toHaveLength(1);
    await sts.close();
  });

  test('METRICS_PORT moves the metrics away from the port for events', async () => {
    const program = start({ METRICS_PORT: '0' });
    const [, port, metricsPort] = await program.said(/"port":(\d+),"metricsPort":(\d+)/);

    const statusOf = async (at: string | undefined, path: string, method = 'GET') =>
      (await fetch(`http://127.0.0.1:${at}${path}`, { method })).status;
    const metrics = [await statusOf(port, '/metrics'), await statusOf(metricsPort, '/metrics')];
    const event = await statusOf(metricsPort, '/', 'POST');
    program.process.kill('SIGTERM');

    expect(metrics).toEqual([405, 200]);
    expect(event).toBe(404);
    expect(await program.ended()).toBe(0);
  });

  test('the receiver refuses to start without SOURCE_BUCKETS and OIDC_AUDIENCE', async () => {
    const program = start({ SOURCE_BUCKETS: '' });

    expect(await program.ended()).toBe(1);
    expect(program.stderr()).toMatch(/^ConfigInvalid: set SOURCE_BUCKETS .* or OIDC_AUDIENCE .*\n$/);
  });

  test('the receiver refuses to start with results below the watched prefix', async () => {
    const program = start({ RESULT_PREFIX: 'incoming/results/' });

    expect(await program.ended()).toBe(1);
    expect(program.stderr()).toMatch(/^LoopRefused: .*\n$/);
  });

  test('the receiver exits when its engine cannot be loaded', async () => {
    const program = start({ ENGINE: 'facebody', FACEBODY_QPS: 'many' });

    expect(await program.ended()).toBe(1);
    expect(program.stderr()).toMatch(/^ConfigInvalid: FACEBODY_QPS .*\n$/);
  });
});

test('the server serves the contract of Function Compute when its variables are set', async () => {
  const program = start({ FC_FUNCTION_NAME: 'face-recognition', PORT: '', FC_SERVER_PORT: '0' });
  const [, port] = await program.said(/listening on (\d+)/);

  const answer = await fetch(`http://127.0.0.1:${port}/initialize`, {
    method: 'POST',
    headers: { 'x-fc-request-id': 'r-1', 'x-fc-function-timeout': '60' },
  });
  program.process.kill('SIGTERM');

  expect([answer.status, answer.headers.get('x-fc-status')]).toEqual([200, '200']);
  expect(await program.ended()).toBe(0);
  expect(program.output()).toContain('FC Initialize End RequestId: r-1\n');
});

async function untilInFlight(url: string): Promise<void> {
  while (!(await (await fetch(`${url}/metrics`)).text()).includes('mnsoss_receiver_in_flight 1'));
}
