import { createHash } from 'node:crypto';
import * as net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { authorizationMnsV4, signMnsV4, stringToSignMnsV4 } from '../../../shared/mns/signature.ts';
import { compactDate } from '../../../shared/runtime/aliyun-v4.ts';
import { childText } from '../../../shared/runtime/xml.ts';
import { ACCOUNT, startMns, type TestMns, until } from './support.ts';

let server: TestMns;
beforeEach(async () => {
  server = await startMns();
});
afterEach(() => server.close());

const message = (body: string, more = '') => `<Message><MessageBody>${body}</MessageBody>${more}</Message>`;

describe('authentication of MNS', () => {
  const list = (options: Parameters<TestMns['request']>[2]) => server.request('GET', '/queues', options);

  test.each([
    ['no signature', { headers: { authorization: '' } }, 400, 'MissingAuthorizationHeader'],
    ['another scheme', { headers: { authorization: 'Basic abc' } }, 400, 'InvalidAuthorizationHeader'],
    ['no version', { headers: { 'x-mns-version': undefined } }, 400, 'MissingVersionHeader'],
    ['another version', { headers: { 'x-mns-version': '2014-01-01' } }, 400, 'InvalidVersionHeader'],
    ['no date', { headers: { date: undefined } }, 400, 'MissingDateHeader'],
    ['an invalid date', { headers: { date: 'yesterday' } }, 400, 'InvalidDateHeader'],
    ['an unknown key', { accessKeyId: 'nobody' }, 403, 'InvalidAccessKeyId'],
    ['a wrong secret', { secret: 'guessed' }, 403, 'SignatureDoesNotMatch'],
  ])('a request is refused: %s', async (_, options, status, code) => {
    const answer = await list(options);

    expect(answer.status).toBe(status);
    expect(answer.text('Code')).toBe(code);
  });

  test('a request may differ by 15 minutes from the clock of the server, and no more', async () => {
    const at = (ms: number) => ({ headers: { date: new Date(server.clock.now() + ms).toUTCString() } });

    const late = await list(at(-14 * 60_000));
    const tooLate = await list(at(-16 * 60_000));
    const tooEarly = await list(at(16 * 60_000));

    expect(late.status).toBe(200);
    expect([tooLate.status, tooLate.text('Code')]).toEqual([408, 'TimeExpired']);
    expect(tooEarly.text('Code')).toBe('TimeExpired');
  });

  test('x-mns-date replaces a missing Date header', async () => {
    const date = new Date(server.clock.now()).toUTCString();

    const answer = await list({ headers: { date: undefined, 'x-mns-date': date } });

    expect(answer.status).toBe(200);
  });

  test('signature V4 covers path, query and headers', async () => {
    const context = { date: compactDate(server.clock.now()), region: 'cn-hangzhou' };
    const headers = { 'x-mns-version': '2015-06-06' };
    const query = [['waitseconds', '0']] as const;
    const parts = { method: 'GET', path: '/queues/no-such/messages', query, headers };
    const signature = signMnsV4(
      { secret: ACCOUNT.accessKeySecret, ...context },
      stringToSignMnsV4(context, parts),
    );
    const authorization = authorizationMnsV4(ACCOUNT.accessKeyId, context, signature);

    const right = await server.request('GET', `${parts.path}?waitseconds=0`, { headers: { authorization } });
    const wrong = await server.request('GET', `${parts.path}?waitseconds=1`, { headers: { authorization } });

    expect(right.text('Code')).toBe('QueueNotExist');
    expect(wrong.text('Code')).toBe('SignatureDoesNotMatch');
  });

  test('the key of another account is denied', async () => {
    const guest = { accountId: '2', accessKeyId: 'guest', accessKeySecret: 'guest-secret' };
    const shared = await startMns({ accounts: [ACCOUNT, guest] });

    const answer = await shared.request('GET', '/queues', { accessKeyId: 'guest', secret: 'guest-secret' });

    expect([answer.status, answer.text('Code')]).toEqual([403, 'AccessDenied']);
    await shared.close();
  });

  test('an unsigned request is accepted if signatures are not checked', async () => {
    const open = await startMns({ checkSignatures: false });

    const answer = await open.request('GET', '/queues', {
      headers: { authorization: undefined, date: undefined, 'x-mns-version': undefined },
    });

    expect(answer.status).toBe(200);
    await open.close();
  });
});

describe('answers of MNS', () => {
  test('an answer has the headers of the service and the date of its clock', async () => {
    await server.clock.advance(3_600_000);

    const answer = await server.request('GET', '/queues');

    expect(answer.headers).toMatchObject({
      date: new Date(server.clock.now()).toUTCString(),
      server: 'AliyunMQS',
      'x-mns-version': '2015-06-06',
      'content-type': 'text/xml;charset=utf-8',
    });
    expect(answer.headers['x-mns-request-id']).toMatch(/^[0-9A-F]{24}$/);
  });

  test('an error has the four elements that decoders expect', async () => {
    const answer = await server.request('GET', '/queues/none');

    expect(answer.status).toBe(404);
    expect(answer.xml?.children.map(({ name, text }) => [name, text])).toEqual([
      ['Code', 'QueueNotExist'],
      ['Message', 'The queue name you provided is not exist.'],
      ['RequestId', answer.headers['x-mns-request-id']],
      ['HostId', server.url],
    ]);
  });

  test('a list has NextMarker on every page except the last', async () => {
    await server.sdk.createQueue('a');
    await server.sdk.createQueue('b');

    const first = await server.request('GET', '/queues', { headers: { 'x-mns-ret-number': '1' } });
    const last = await server.request('GET', '/queues', {
      headers: { 'x-mns-marker': first.text('NextMarker'), 'x-mns-with-meta': 'true' },
    });

    expect(first.text('NextMarker')).toBe('a');
    expect(last.xml?.children.map(({ name }) => name)).toEqual(['Queue']);
    expect(childText(last.xml!.children[0]!, 'VisibilityTimeout')).toBe('30');
  });
});

describe('requests to MNS', () => {
  beforeEach(() => server.sdk.createQueue('q'));

  test.each([
    ['PUT', '/queues/-q', '', 'InvalidQueueName'],
    ['PUT', '/queues/a_b', '', 'InvalidQueueName'],
    ['PUT', `/queues/${'q'.repeat(121)}`, '', 'QueueNameLengthError'],
    ['PUT', '/queues/x', '<Queue><VisibilityTimeout>43201</VisibilityTimeout></Queue>', 'InvalidArgument'],
    ['PUT', '/queues/x', '<Queue><VisibilityTimeout>0</VisibilityTimeout></Queue>', 'InvalidArgument'],
    ['PUT', '/queues/x', '<Queue><DelaySeconds>604801</DelaySeconds></Queue>', 'InvalidArgument'],
    ['PUT', '/queues/x', '<Queue><MaximumMessageSize>1023</MaximumMessageSize></Queue>', 'InvalidArgument'],
    ['PUT', '/queues/x', '<Queue><MaximumMessageSize>65537</MaximumMessageSize></Queue>', 'InvalidArgument'],
    ['PUT', '/queues/x', '<Queue><PollingWaitSeconds>31</PollingWaitSeconds></Queue>', 'InvalidArgument'],
    ['PUT', '/queues/x', '<Queue><LoggingEnabled>maybe</LoggingEnabled></Queue>', 'InvalidArgument'],
    ['PUT', '/queues/x', '<Queue>', 'MalformedXML'],
    ['PUT', '/queues/x', '<!DOCTYPE a [<!ENTITY b "c">]><Queue/>', 'MalformedXML'],
    ['GET', '/queues/q/messages?waitseconds=31', undefined, 'InvalidArgument'],
    ['GET', '/queues/q/messages?numOfMessages=17', undefined, 'InvalidArgument'],
    ['GET', '/queues/q/messages?numOfMessages=0', undefined, 'InvalidArgument'],
    ['POST', '/queues/q/messages', '', 'MalformedXML'],
    ['POST', '/queues/q/messages', message('m', '<Priority>17</Priority>'), 'InvalidArgument'],
    ['POST', '/queues/q/messages', message('m', '<DelaySeconds>1.5</DelaySeconds>'), 'InvalidArgument'],
    ['POST', '/queues/q/messages', message('m'.repeat(65_537)), 'InvalidArgument'],
    ['POST', '/queues/q/messages', `<Messages>${message('m').repeat(17)}</Messages>`, 'InvalidArgument'],
    [
      'POST',
      '/queues/q/messages',
      `<Messages>${message('m'.repeat(5000)).repeat(14)}</Messages>`,
      'InvalidArgument',
    ],
    ['DELETE', '/queues/q/messages', undefined, 'MissingReceiptHandle'],
    ['PUT', '/queues/q/messages?receiptHandle=8-x', undefined, 'MissingVisibilityTimeout'],
    ['PUT', '/queues/q/messages?visibilityTimeout=5', undefined, 'MissingReceiptHandle'],
    ['PUT', '/queues/q/messages?receiptHandle=8-x&visibilityTimeout=0', undefined, 'InvalidArgument'],
    ['PUT', '/queues/q/messages?receiptHandle=8-x&visibilityTimeout=5', undefined, 'ReceiptHandleError'],
    ['PUT', '/topics/a_b', '', 'TopicNameInvalid'],
    ['GET', '/topics/none', undefined, 'TopicNotExist'],
    ['POST', '/topics/none/messages', message('m'), 'TopicNotExist'],
    ['PATCH', '/queues/q', undefined, 'InvalidRequestURL'],
    ['DELETE', '/queues/q?newer=true', undefined, 'InvalidQueryString'],
    ['GET', '/queues/q/letters', undefined, 'InvalidRequestURL'],
  ])('an invalid request %s %s is refused (%#)', async (method, target, body, code) => {
    const answer = await server.request(method, target, body === undefined ? {} : { body });

    expect(answer.text('Code')).toBe(code);
  });

  test('a message of exactly 64 KB with entities is returned unchanged', async () => {
    const body = `&lt;${'&amp;'.repeat(65_534)}&#13;`;

    const sent = await server.request('POST', '/queues/q/messages', { body: message(body) });
    const received = await server.request('GET', '/queues/q/messages');

    expect(sent.status).toBe(201);
    expect(received.text('MessageBody')).toBe(`<${'&'.repeat(65_534)}\r`);
  });

  test('a body that announces more than any request needs is refused before it is read', async () => {
    const answer = await server.request('POST', '/queues/q/messages', { body: 'x'.repeat(1_048_577) });

    expect([answer.status, answer.text('Code')]).toEqual([400, 'InvalidArgument']);
  });

  test('Content-MD5 may be the Base64 of the digest or of its hexadecimal form', async () => {
    const body = message('m');
    const digest = createHash('md5').update(body);
    const raw = digest.copy().digest('base64');
    const hex = Buffer.from(digest.digest('hex')).toString('base64');
    const post = (md5: string) =>
      server.request('POST', '/queues/q/messages', { body, headers: { 'content-md5': md5 } });

    expect((await post(raw)).status).toBe(201);
    expect((await post(hex)).status).toBe(201);
    expect((await post(Buffer.alloc(16).toString('base64'))).text('Code')).toBe('InvalidDegist');
  });

  test('query parameters match in any case, because SDKs differ', async () => {
    await server.sdk.sendMessage('q', { MessageBody: 'm' });
    const { body } = await server.sdk.receiveMessage('q');

    const changed = await server.request(
      'PUT',
      `/queues/q/messages?ReceiptHandle=${body.ReceiptHandle}&VisibilityTimeout=5`,
    );
    const deleted = await server.request(
      'DELETE',
      `/queues/q/messages?RECEIPTHANDLE=${changed.text('ReceiptHandle')}`,
    );

    expect([changed.status, deleted.status]).toEqual([200, 204]);
  });

  test('the logging bucket is stored and returned', async () => {
    await server.request('PUT', '/?accountmeta=true', {
      body: '<Account><LoggingBucket>logs</LoggingBucket></Account>',
    });

    const answer = await server.request('GET', '/?accountmeta=true');

    expect(answer.text('LoggingBucket')).toBe('logs');
  });
});

describe('dead letters', () => {
  test('a message that was received too often moves with its origin and its age', async () => {
    const policy =
      '<DlqPolicy><Enabled>True</Enabled><DeadLetterTargetQueue>dead</DeadLetterTargetQueue><MaxReceiveCount>1</MaxReceiveCount></DlqPolicy>';
    await server.sdk.createQueue('dead');
    await server.request('PUT', '/queues/q', { body: `<Queue>${policy}</Queue>` });
    const { body: sent } = await server.sdk.sendMessage('q', { MessageBody: 'm' });
    const { body: received } = await server.sdk.receiveMessage('q');
    const waiting = server.request('GET', '/queues/dead/messages?waitseconds=30');
    await until(() => server.clock.pending() === 2);

    // Nobody asks for the source queue: its own timer moves the message.
    await server.clock.advance(30_000);

    const dead = await waiting;
    expect(dead.text('MessageBody')).toBe('m');
    expect(dead.text('EnqueueTime')).toBe(received.EnqueueTime);
    expect(dead.text('DequeueCount')).toBe('1');
    const properties = dead.xml?.children.find(({ name }) => name === 'SystemProperties')?.children ?? [];
    expect(properties.map((property) => [childText(property, 'Name'), childText(property, 'Value')])).toEqual(
      [
        ['DLQSourceArn', `acs:mns:cn-hangzhou:${ACCOUNT.accountId}:queues/q`],
        ['DLQOriginMessageId', sent.MessageId],
      ],
    );
  });

  test('a queue cannot be its own dead-letter queue', async () => {
    const answer = await server.request('PUT', '/queues/x', {
      body: '<Queue><DlqPolicy><DeadLetterTargetQueue>x</DeadLetterTargetQueue></DlqPolicy></Queue>',
    });

    expect(answer.text('Code')).toBe('InvalidArgument');
  });
});

describe('clients that disconnect', () => {
  beforeEach(() => server.sdk.createQueue('q'));

  test('a client that disconnects during a long poll takes no message with it', async () => {
    const leaving = new AbortController();
    const polling = server.request('GET', '/queues/q/messages?waitseconds=30', { signal: leaving.signal });
    await until(() => server.clock.pending() === 1);

    leaving.abort();
    await expect(polling).rejects.toMatchObject({ code: 'Aborted' });
    await until(() => server.clock.pending() === 0);
    await server.sdk.sendMessage('q', { MessageBody: 'm' });

    const { body } = await server.sdk.receiveMessage('q');
    expect(body).toMatchObject({ MessageBody: 'm', DequeueCount: '1' });
  });

  test('messages return to their queue if the answer cannot be written', async () => {
    // Sixteen answers of 1 MB each: more than the buffers between the two hold.
    for (let n = 0; n < 256; n++) await server.mns.target.send('q', 'x'.repeat(65_000));
    const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.pause();
    socket.write(rawReceive(server, 16).repeat(16));
    const active = async () => Number((await server.sdk.getQueueAttributes('q')).body.ActiveMessages);
    let stuckAt = await active();
    for (let same = 0; same < 20 || stuckAt === 256; same++) {
      const now = await active();
      if (now !== stuckAt) same = 0;
      stuckAt = now;
    }

    socket.resetAndDestroy();

    // The clock stands still, so no visibility timeout brings them back.
    while ((await active()) <= stuckAt) await new Promise((resolve) => setImmediate(resolve));
    expect(await active()).toBeGreaterThan(stuckAt);
  });
});

/** A signed request as it stands on the wire, for a socket that is never read. */
function rawReceive({ url, clock }: TestMns, max: number): string {
  const target = `/queues/q/messages?numOfMessages=${max}`;
  const context = { date: compactDate(clock.now()), region: 'cn-hangzhou' };
  const headers = { 'x-mns-version': '2015-06-06' };
  const parts = {
    method: 'GET',
    path: '/queues/q/messages',
    query: [['numOfMessages', String(max)]] as const,
    headers,
  };
  const signature = signMnsV4(
    { secret: ACCOUNT.accessKeySecret, ...context },
    stringToSignMnsV4(context, parts),
  );
  return [
    `GET ${target} HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    `Date: ${new Date(clock.now()).toUTCString()}`,
    'x-mns-version: 2015-06-06',
    `Authorization: ${authorizationMnsV4(ACCOUNT.accessKeyId, context, signature)}`,
    '',
    '',
  ].join('\r\n');
}
