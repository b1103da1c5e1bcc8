import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  answerHttpFunction,
  type HttpFunctionRequest,
  isHttpFunctionRequest,
} from '../../../functions/face-recognition/http-function.ts';
import { openStage, type Stage, upload } from './support.ts';

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

describe('an HTTP function of 2.0', () => {
  test('is answered with the result document', async () => {
    await upload(stage, 'incoming/a.jpg');

    const answer = await ask(requestOf('POST', '{"bucket":"photos","key":"incoming/a.jpg"}'));

    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { outcome: 'processed', source: { key: 'incoming/a.jpg' } },
    });
  });

  test('refuses other methods', async () => {
    const answer = await ask(requestOf('GET', ''));

    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  test('is told from a function of events by its first argument', () => {
    expect(isHttpFunctionRequest(requestOf('POST', ''))).toBe(true);
    expect(isHttpFunctionRequest(Buffer.from('{}'))).toBe(false);
  });
});
