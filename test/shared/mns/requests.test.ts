import { afterEach, describe, expect, test } from 'vitest';
import { createMnsClient } from '../../../shared/mns/client.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import type { CredentialProvider } from '../../../shared/runtime/credentials.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { type Script, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

const SECRET = 'never-to-be-seen';
const XML = { 'content-type': 'text/xml;charset=utf-8', 'x-mns-request-id': '5F1A' };

describe('MNS requests', () => {
  const servers: ScriptedServer[] = [];
  const prepare = async (script: Script, credentials?: CredentialProvider, timeoutMs = 10_000) => {
    const server = await startScriptedServer(script);
    servers.push(server);
    const clock = manualClock();
    const client = createMnsClient({
      endpoint: server.url,
      credentials: credentials ?? (async () => ({ accessKeyId: 'ak', accessKeySecret: SECRET })),
      clock,
      timeoutMs,
    });
    return { server, clock, client, queue: client.queue('q') };
  };

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  test('an MNS request always contains its wait time and an encoded target', async () => {
    const { server, queue } = await prepare((request) =>
      request.method === 'GET'
        ? refusal(404, 'MessageNotExist')
        : xml(
            200,
            'ChangeVisibility',
            '<ReceiptHandle>h</ReceiptHandle><NextVisibleTime>1</NextVisibleTime>',
          ),
    );

    await queue.receive({ max: 3, waitSeconds: 0 });
    await queue.changeVisibility('1-a/b+c=&d', 30);

    expect(server.requests.map((request) => request.target)).toEqual([
      '/queues/q/messages?numOfMessages=3&waitseconds=0',
      '/queues/q/messages?receiptHandle=1-a%2Fb%2Bc%3D%26d&visibilityTimeout=30',
    ]);
  });

  test('an MNS request fetches expired credentials again, once, and sends the token outside the signature', async () => {
    const asked: unknown[] = [];
    const { server, queue } = await prepare(
      (request) =>
        request.headers['security-token'] === 'new'
          ? refusal(404, 'MessageNotExist')
          : refusal(403, 'SecurityTokenExpired'),
      async (options) => {
        asked.push(options?.refresh);
        const securityToken = options?.refresh ? 'new' : 'old';
        return { accessKeyId: 'ak', accessKeySecret: SECRET, securityToken };
      },
    );

    const messages = await queue.receive({ max: 1, waitSeconds: 0 });

    expect(messages).toEqual([]);
    expect(asked).toEqual([false, true]);
    expect(server.requests[0]?.headers.authorization).toBe(server.requests[1]?.headers.authorization);
  });

  test('an MNS request fails when the new credentials have expired as well', async () => {
    const { server, queue } = await prepare(() => refusal(403, 'SecurityTokenExpired'));

    const receive = queue.receive({ max: 1, waitSeconds: 0 });

    await expect(receive).rejects.toMatchObject({ code: 'SecurityTokenExpired', kind: 'transient' });
    expect(server.requests).toHaveLength(2);
  });

  test('an MNS request receives a message that XML cannot hold together with others', async () => {
    const { queue } = await prepare(() => messages('bell \u0007', 'nul &#0;', 'plain'));

    const received = await queue.receive({ max: 16, waitSeconds: 0 });

    expect(received.map(({ body }) => body)).toEqual(['bell \u0007', 'nul &#0;', 'plain']);
  });

  test('an MNS request receives sixteen of the largest bodies with every character escaped', async () => {
    const { queue } = await prepare(() =>
      messages(...Array.from({ length: 16 }, () => '&quot;'.repeat(65_536))),
    );

    const received = await queue.receive({ max: 16, waitSeconds: 0 });

    expect(received.map(({ body }) => body)).toEqual(Array.from({ length: 16 }, () => '"'.repeat(65_536)));
  });

  test("an MNS request follows the service's clock when its own is wrong", async () => {
    const date = 'Thu, 01 Jan 2026 05:00:00 GMT';
    const { server, queue } = await prepare((request) =>
      request.headers.date === date
        ? refusal(404, 'MessageNotExist')
        : { ...refusal(408, 'TimeExpired'), headers: { ...XML, date } },
    );

    await queue.receive({ max: 1, waitSeconds: 0 });
    await queue.receive({ max: 1, waitSeconds: 0 });

    expect(server.requests.map((request) => request.headers.date)).toEqual([
      'Thu, 01 Jan 2026 00:00:00 GMT',
      date,
      date,
    ]);
  });

  test.each([
    [404, 'QueueNotExist', 'QueueNotExist', 'misconfigured'],
    [403, 'AccessDenied', 'AccessDenied', 'misconfigured'],
    [403, 'SignatureDoesNotMatch', 'SignatureDoesNotMatch', 'misconfigured'],
    [400, 'MalformedXML', 'InvalidRequest', 'permanent'],
    [503, 'QpsLimitExceeded', 'Throttled', 'throttled'],
    [500, 'InternalError', 'ServiceUnavailable', 'transient'],
    [500, 'SomethingNew', 'ServiceUnavailable', 'transient'],
  ])('an MNS request turns %d %s into %s', async (status, mnsCode, code, kind) => {
    const { queue } = await prepare(() => refusal(status, mnsCode));

    const receive = queue.receive({ max: 1, waitSeconds: 0 });

    await expect(receive).rejects.toMatchObject({
      code,
      kind,
      details: { status, mnsCode, requestId: '5F1A', path: '/queues/q/messages' },
    });
  });

  test.each([
    ['a page of a proxy', { status: 502, body: '<html><body>Bad <b>gateway</body>' }],
    ['a page that says not found', { status: 404, body: '<html><p>no such page</p></html>' }],
    ['a success that is no XML', { status: 200, body: 'welcome to this network' }],
    ['a success of another kind', { status: 200, body: '<Topic/>' }],
    ['a message without a receipt handle', { status: 200, body: '<Messages><Message/></Messages>' }],
  ])('an MNS request takes %s for an unavailable service', async (_what, answer) => {
    const { queue } = await prepare(() => answer);

    const receive = queue.receive({ max: 1, waitSeconds: 0 });

    await expect(receive).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  });

  test('an MNS request fails when the service is silent or the connection breaks', async () => {
    const silent = await prepare(() => 'hang', undefined, 100);
    const broken = await prepare(() => 'break');

    await expect(silent.queue.attributes()).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    await expect(broken.queue.attributes()).rejects.toMatchObject({ code: 'NetworkError' });
  });

  test('an MNS request shows neither secret nor token nor body in an error', async () => {
    const credentials = { accessKeyId: 'ak', accessKeySecret: SECRET, securityToken: 'sts-token' };
    const { queue } = await prepare(
      () => refusal(403, 'SignatureDoesNotMatch'),
      async () => credentials,
    );

    const error = await queue.send('private body').catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(AppError);
    const { message, stack, details } = error as AppError;
    const shown = JSON.stringify({ message, stack, details });
    for (const hidden of [SECRET, 'sts-token', 'private body', 'MNS ak:'])
      expect(shown).not.toContain(hidden);
  });

  test.each(['ftp://host', 'host:80', 'http://host/path', 'http://user@host', ''])(
    'an MNS request refuses the endpoint "%s"',
    (endpoint) => {
      const create = () =>
        createMnsClient({
          endpoint,
          credentials: async () => ({ accessKeyId: 'ak', accessKeySecret: SECRET }),
          clock: manualClock(),
          timeoutMs: 1,
        });

      expect(create).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
    },
  );
});

function xml(status: number, root: string, fields: string) {
  return {
    status,
    headers: XML,
    body: `<${root} xmlns="http://mns.aliyuncs.com/doc/v1">${fields}</${root}>`,
  };
}

function refusal(status: number, code: string) {
  const fields = `<Code>${code}</Code><Message>m</Message><RequestId>5F1A</RequestId><HostId>http://h</HostId>`;
  return xml(status, 'Error', fields);
}

function messages(...bodies: string[]) {
  const times = ['EnqueueTime', 'NextVisibleTime', 'FirstDequeueTime', 'DequeueCount', 'Priority'];
  const message = (body: string, index: number) =>
    `<Message><MessageId>${index}</MessageId><ReceiptHandle>8-${index}</ReceiptHandle><MessageBodyMD5>0</MessageBodyMD5>` +
    `<MessageBody>${body}</MessageBody>${times.map((name) => `<${name}>1</${name}>`).join('')}</Message>`;
  return xml(200, 'Messages', bodies.map(message).join(''));
}
