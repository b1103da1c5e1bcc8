import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as managed from '../../../../functions/face-recognition/fc.ts';
import {
  answerHttpFunction,
  type HttpFunctionRequest,
} from '../../../../functions/face-recognition/http/function.ts';
import { notification, openStage, type Stage, upload } from '../support.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

/** As the runtime of 2.0 hands it over. */
function requestOf(method: string, body: string): HttpFunctionRequest {
  return Object.assign(Readable.from([Buffer.from(body)]), { method, headers: { host: 'faces' } });
}

async function ask(request: HttpFunctionRequest) {
  const answer = { status: 0, headers: {} as Record<string, string>, body: '' };
  await answerHttpFunction(
    stage.fn,
    request,
    {
      setStatusCode: (status) => {
        answer.status = status;
      },
      setHeader: (name, value) => {
        answer.headers[name] = value;
      },
      send: (body) => {
        answer.body = body;
      },
    },
    stage.context(),
  );
  return { ...answer, body: JSON.parse(answer.body) };
}

describe('HTTP function of 2.0', () => {
  test('an HTTP function of 2.0 is answered with the result document', async () => {
    await upload(stage, 'incoming/a.jpg');

    const answer = await ask(requestOf('POST', '{"bucket":"photos","key":"incoming/a.jpg"}'));

    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { outcome: 'processed', source: { key: 'incoming/a.jpg' } },
    });
  });

  test('an HTTP function of 2.0 refuses methods other than POST', async () => {
    const answer = await ask(requestOf('GET', ''));

    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  test('the handler recognizes an HTTP function of 2.0 by its first argument', async () => {
    vi.stubEnv('FC_REGION', stage.cloud.region);
    vi.stubEnv('OSS_ENDPOINT', stage.cloud.oss.url);
    vi.stubEnv('LOG_LEVEL', 'silent');
    const statuses: number[] = [];
    const response = {
      setStatusCode: (status: number) => void statuses.push(status),
      setHeader: () => {},
      send: () => {},
    };
    const record = await upload(stage, 'incoming/a.jpg');

    await managed.handler(requestOf('GET', ''), response, stage.context());
    const report = await managed.handler(notification(record), stage.context());

    expect(statuses).toEqual([405]);
    expect(report).toMatchObject({ records: [{ outcome: 'processed' }] });
    await managed.preStop(stage.context());
    vi.unstubAllEnvs();
  });
});
