import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type RuntimeServer,
  startRuntimeServer,
} from '../../../../functions/face-recognition/custom-runtime/runtime-server.ts';
import { notification, openStage, type Stage, upload } from '../support.ts';

let stage: Stage;
let server: RuntimeServer;
let lines: string[];

beforeEach(async () => {
  stage = await openStage();
  lines = [];
  server = await startRuntimeServer(stage.fn, {
    port: 0,
    host: '127.0.0.1',
    writeLine: (line) => lines.push(line),
  });
});

afterEach(async () => {
  await server.close();
  await stage.close();
});

/** A request as Function Compute makes it, with temporary credentials of its own. */
async function call(
  path: string,
  {
    body,
    method = 'POST',
    requestId = 'r-1',
    headers = {},
  }: {
    body?: Buffer | string;
    method?: string;
    requestId?: string;
    headers?: Record<string, string>;
  } = {},
) {
  const { accessKeyId, accessKeySecret, securityToken } = stage.cloud.issueCredentials();
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers: {
      'x-fc-request-id': requestId,
      'x-fc-function-timeout': '30',
      'x-fc-access-key-id': accessKeyId,
      'x-fc-access-key-secret': accessKeySecret,
      'x-fc-security-token': securityToken,
      ...headers,
    },
    ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }),
  });
  return {
    status: response.status,
    fcStatus: response.headers.get('x-fc-status'),
    text: await response.text(),
  };
}

describe('custom runtime', () => {
  test('the custom runtime initializes, invokes, and marks the log of each invocation', async () => {
    const record = await upload(stage, 'incoming/a.jpg');

    const initialized = await call('/initialize', { requestId: 'r-1' });
    const invoked = await call('/invoke', { body: notification(record), requestId: 'r-2' });
    const stopped = await call('/pre-stop', { method: 'GET', requestId: 'r-3' });

    expect(initialized).toMatchObject({ status: 200, fcStatus: '200' });
    expect(invoked).toMatchObject({ status: 200, fcStatus: '200' });
    expect(JSON.parse(invoked.text)).toMatchObject({ records: [{ outcome: 'processed' }] });
    expect(stopped).toMatchObject({ status: 200, fcStatus: '200' });
    expect(lines).toEqual([
      'FC Initialize Start RequestId: r-1',
      'FC Initialize End RequestId: r-1',
      'FC Invoke Start RequestId: r-2',
      'FC Invoke End RequestId: r-2',
      'FC PreStop Start RequestId: r-3',
      'FC PreStop End RequestId: r-3',
    ]);
  });

  test('the custom runtime answers a transient failure with 404 and x-fc-status 404', async () => {
    const record = await upload(stage, 'incoming/a.jpg');
    stage.cloud.faults.inject({ operation: 'PutObject', rate: 1, kind: 'error' });

    const invoked = await call('/invoke', { body: notification(record), requestId: 'r-9' });

    expect(invoked).toMatchObject({ status: 404, fcStatus: '404' });
    expect(JSON.parse(invoked.text)).toMatchObject({ errorType: 'ServiceUnavailable' });
    expect(lines).toContain('FC Invoke End RequestId: r-9, Error: Unhandled function error');
  });

  test('the custom runtime separates the log lines of parallel invocations', async () => {
    const keys = ['incoming/1.jpg', 'incoming/2.jpg', 'incoming/3.jpg'];
    const records = await Promise.all(keys.map((key) => upload(stage, key)));

    await Promise.all(
      records.map((record, index) =>
        call('/invoke', { body: notification(record), requestId: `r-${index + 1}` }),
      ),
    );

    const seen = stage.lines
      .filter(({ msg }) => msg === 'image')
      .map(({ requestId, key }) => `${requestId} ${key}`);
    expect(seen.sort()).toEqual(['r-1 incoming/1.jpg', 'r-2 incoming/2.jpg', 'r-3 incoming/3.jpg']);
  });

  test('the custom runtime answers HTTP triggers at any path with their own status', async () => {
    await upload(stage, 'incoming/a.jpg');

    const found = await call('/faces', { body: '{"bucket":"photos","key":"incoming/a.jpg"}' });
    const missing = await call('/faces', { body: '{"bucket":"photos","key":"incoming/b.jpg"}' });

    expect(found.status).toBe(200);
    expect(JSON.parse(found.text)).toMatchObject({ outcome: 'processed' });
    expect(missing).toMatchObject({ status: 404, fcStatus: null });
  });

  test('the custom runtime refuses requests without the headers of Function Compute', async () => {
    const response = await fetch(`http://127.0.0.1:${server.port}/invoke`, { method: 'POST', body: '{}' });

    expect(response.status).toBe(400);
    expect(await response.text()).toContain('x-fc-*');
  });

  test('the custom runtime refuses an event that is larger than Function Compute sends', async () => {
    const invoked = await call('/invoke', { body: Buffer.alloc(33 * 1024 * 1024) });

    expect(invoked).toMatchObject({ status: 404, fcStatus: '404' });
    expect(JSON.parse(invoked.text)).toMatchObject({ errorType: 'EventTooLarge' });
    expect(lines).toEqual([]);
  });
});

test('the custom runtime accepts the pre-freeze hook of 2.0', async () => {
  const answer = await call('/pre-freeze', { method: 'GET' });

  expect(answer).toMatchObject({ status: 200, fcStatus: '200' });
  expect(lines).toContain('FC PreFreeze End RequestId: r-1');
});
