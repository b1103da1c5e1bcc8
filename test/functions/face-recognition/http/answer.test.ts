import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { toTriggerReply } from '../../../../functions/face-recognition/http/trigger-event.ts';
import { openStage, type Stage, upload } from '../support.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

interface Request {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly isBase64Encoded?: boolean;
}

/** The event of an HTTP trigger with this body. */
function httpEvent(
  body: unknown,
  { method = 'POST', headers = {}, isBase64Encoded = false }: Request = {},
): Buffer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return Buffer.from(
    JSON.stringify({
      version: 'v1',
      rawPath: '/',
      headers: { Host: 'faces.cn-shanghai.fcapp.run', ...headers },
      queryParameters: {},
      body: isBase64Encoded ? Buffer.from(text).toString('base64') : text,
      isBase64Encoded,
      requestContext: { requestId: 'request-http', http: { method, path: '/' } },
    }),
  );
}

async function ask(
  body: unknown,
  request?: Request,
): Promise<{ status: number; body: unknown; headers: object }> {
  const reply = (await stage.fn.handler(httpEvent(body, request), stage.context())) as ReturnType<
    typeof toTriggerReply
  >;
  return { status: reply.statusCode, body: JSON.parse(reply.body), headers: reply.headers };
}

describe('object requests', () => {
  test('a request for an object returns its result document, and again without work', async () => {
    await upload(stage, 'incoming/a.jpg');

    const first = await ask({ bucket: 'photos', key: 'incoming/a.jpg' });
    const second = await ask({ bucket: 'photos', key: 'incoming/a.jpg' });

    expect(first).toMatchObject({
      status: 200,
      body: { outcome: 'processed', source: { key: 'incoming/a.jpg' } },
    });
    expect(second).toEqual(first);
    const outcomes = stage.lines.filter(({ msg }) => msg === 'image').map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['processed', 'duplicate']);
  });

  test.each([
    { body: { bucket: 'photos', key: 'incoming/nobody.jpg' }, status: 404, code: 'NoSuchKey' },
    { body: { bucket: 'Photos!', key: 'incoming/a.jpg' }, status: 400, code: 'InvalidRequest' },
    { body: { bucket: 'photos', key: '' }, status: 400, code: 'InvalidRequest' },
    { body: { bucket: 'nobodys', key: 'incoming/a.jpg' }, status: 500, code: 'NoSuchBucket' },
    { body: { bucket: 'photos' }, status: 400, code: 'EnvelopeUnknown' },
    { body: { events: [] }, status: 400, code: 'EnvelopeUnknown' },
    { body: 'hello', status: 400, code: 'EnvelopeUnknown' },
    { body: '', status: 400, code: 'EnvelopeUnknown' },
  ])('the request body $body is answered with $status $code', async ({ body, status, code }) => {
    const answer = await ask(body);

    expect(answer).toMatchObject({ status, body: { code } });
  });

  test('a request for an object outside the watched prefix is answered with the rule', async () => {
    await upload(stage, 'elsewhere/a.jpg');

    const answer = await ask({ bucket: 'photos', key: 'elsewhere/a.jpg' });

    expect(answer).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('outside-prefix') },
    });
  });

  test('a request while OSS fails is answered with 503 and Retry-After', async () => {
    await upload(stage, 'incoming/a.jpg');
    stage.cloud.faults.inject({ operation: 'PutObject', rate: 1, kind: 'error' });

    const answer = await ask({ bucket: 'photos', key: 'incoming/a.jpg' });

    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'ServiceUnavailable' },
      headers: { 'retry-after': '1' },
    });
  });
});

test.each([
  [
    'of an object is logged with its status',
    { bucket: 'photos', key: 'incoming/a.jpg' },
    'info',
    200,
    undefined,
  ],
  ['that is refused is logged as a warning with its code', 'hello', 'warn', 400, 'EnvelopeUnknown'],
  [
    'that fails is logged as an error with its code',
    { bucket: 'nobodys', key: 'a' },
    'error',
    500,
    'NoSuchBucket',
  ],
])('an HTTP request %s', async (_, body, level, status, code) => {
  await upload(stage, 'incoming/a.jpg');

  await ask(body);

  const line = stage.lines.find(({ msg }) => String(msg).startsWith('request'));
  expect(line).toMatchObject({ level, method: 'POST', status, requestId: expect.any(String) });
  expect(line?.code).toBe(code);
});

describe('CloudEvents', () => {
  test.each(['structured', 'binary'])(
    'a CloudEvent in %s mode is answered with the result document',
    async (mode) => {
      const data = await upload(stage, 'incoming/a.jpg');
      const attributes = {
        specversion: '1.0',
        id: 'e1',
        type: 'oss:ObjectCreated:PutObject',
        source: 'acs.oss',
      };
      const asHeaders = Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`Ce-${name}`, value]),
      );

      const answer =
        mode === 'structured'
          ? await ask(
              { ...attributes, data },
              { headers: { 'Content-Type': 'application/cloudevents+json' } },
            )
          : await ask(data, { headers: asHeaders, isBase64Encoded: true });

      expect(answer).toMatchObject({ status: 200, body: { outcome: 'processed' } });
    },
  );

  test('an event with several records is refused over HTTP: one answer is one document', async () => {
    const record = await upload(stage, 'incoming/a.jpg');

    const answer = await ask({ events: [record, record] });

    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('got 2 records') },
    });
  });
});

test('an HTTP trigger refuses methods other than POST', async () => {
  const answer = await ask('', { method: 'GET' });

  expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
});
