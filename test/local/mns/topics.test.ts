import { createHash, verify, X509Certificate } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringToSignMnsV2 } from '../../../shared/mns/signature.ts';
import { childText, parseXml } from '../../../shared/runtime/xml.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { ACCOUNT, startMns, type TestMns, until } from './support.ts';

let server: TestMns;
const closers: (() => void)[] = [];
beforeEach(async () => {
  server = await startMns();
  await server.sdk.createTopic('t');
  await server.sdk.createQueue('q');
});
afterEach(async () => {
  await server.close();
  for (const close of closers.splice(0)) close();
});

const queueArn = (queue: string) => `acs:mns:cn-hangzhou:${ACCOUNT.accountId}:queues/${queue}`;

function subscribe(name: string, endpoint: string, more = '') {
  const body = `<Subscription><Endpoint>${endpoint}</Endpoint>${more}</Subscription>`;
  return server.request('PUT', `/topics/t/subscriptions/${name}`, { body });
}

const format = (name: string) => `<NotifyContentFormat>${name}</NotifyContentFormat>`;

interface Pushed {
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP endpoint that answers with the given statuses, then with 204. */
async function endpoint(...statuses: number[]) {
  const pushed: Pushed[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    pushed.push({ target: request.url!, headers: request.headers, body });
    response.writeHead(statuses.shift() ?? 204).end();
  });
  const { url, close } = await listenOnLoopback(server);
  closers.push(close);
  return { pushed, url };
}

describe('subscriptions', () => {
  test('a subscription is created once, returned, listed, changed and deleted', async () => {
    const created = await subscribe('s', queueArn('q'), format('JSON'));
    const again = await subscribe('s', queueArn('q'), format('JSON'));
    const other = await subscribe('s', queueArn('q'), format('XML'));
    await server.request('PUT', '/topics/t/subscriptions/s?metaoverride=true', {
      body: '<Subscription><NotifyStrategy>EXPONENTIAL_DECAY_RETRY</NotifyStrategy></Subscription>',
    });
    const shown = await server.request('GET', '/topics/t/subscriptions/s');
    const list = await server.request('GET', '/topics/t/subscriptions');
    const removed = await server.request('DELETE', '/topics/t/subscriptions/s');
    const gone = await server.request('GET', '/topics/t/subscriptions/s');

    expect([created.status, created.headers.location]).toEqual([
      201,
      `${server.url}/topics/t/subscriptions/s`,
    ]);
    expect(again.status).toBe(204);
    expect([other.status, other.text('Code')]).toEqual([409, 'SubscriptionAlreadyExist']);
    expect(shown.xml?.children.map(({ name, text }) => [name, text]).slice(0, 7)).toEqual([
      ['SubscriptionName', 's'],
      ['Subscriber', ACCOUNT.accountId],
      ['TopicOwner', ACCOUNT.accountId],
      ['TopicName', 't'],
      ['Endpoint', queueArn('q')],
      ['NotifyStrategy', 'EXPONENTIAL_DECAY_RETRY'],
      ['NotifyContentFormat', 'JSON'],
    ]);
    expect(childText(list.xml!.children[0]!, 'SubscriptionURL')).toBe(
      `${server.url}/topics/t/subscriptions/s`,
    );
    expect(removed.status).toBe(204);
    expect([gone.status, gone.text('Code')]).toEqual([404, 'SubscriptionNotExist']);
  });

  test.each([
    ['a queue of another region', `acs:mns:cn-beijing:${ACCOUNT.accountId}:queues/q`, 'EndpointInvalid'],
    ['a queue of another account', 'acs:mns:cn-hangzhou:99:queues/q', 'EndpointInvalid'],
    ['no queue at all', queueArn('none'), 'QueueNotExist'],
    ['a mail address', 'mail:directmail:a@example.com', 'EndpointInvalid'],
    ['a reserved path', 'http://127.0.0.1:1/mns-reserved-x', 'EndpointInvalid'],
    ['no URL', 'somewhere', 'EndpointInvalid'],
  ])('a subscription cannot deliver to %s', async (_, target, code) => {
    const answer = await subscribe('s', target);

    expect(answer.text('Code')).toBe(code);
  });

  test('a queue with a smaller message size than the topic cannot subscribe', async () => {
    await server.sdk.createQueue('small', { MaximumMessageSize: 1024 });

    const answer = await subscribe('s', queueArn('small'));

    expect([answer.status, answer.text('Code')]).toEqual([400, 'InvalidArgument']);
  });

  test('a subscription has the form that Terraform writes', async () => {
    await subscribe('s', `acs:mns:cn-hangzhou:${ACCOUNT.accountId}:/queues/q`, format('SIMPLIFIED'));

    await server.sdk.publishMessage('t', { MessageBody: 'm' });

    expect((await server.sdk.receiveMessage('q')).body.MessageBody).toBe('m');
  });
});

describe('messages of topics to queues', () => {
  test('a SIMPLIFIED message is the body itself', async () => {
    await subscribe('s', queueArn('q'), format('SIMPLIFIED'));

    await server.sdk.publishMessage('t', { MessageBody: 'Ym9keQ==' });

    expect((await server.sdk.receiveMessage('q')).body).toMatchObject({
      MessageBody: 'Ym9keQ==',
      Priority: '8',
    });
  });

  test('a JSON message has the keys of the service in their order', async () => {
    await subscribe('s', queueArn('q'), format('JSON'));

    const { body: published } = await server.sdk.publishMessage('t', { MessageBody: 'Ym9keQ==' });

    const { body: received } = await server.sdk.receiveMessage('q');
    expect(Object.entries(JSON.parse(received.MessageBody!))).toEqual([
      ['TopicOwner', ACCOUNT.accountId],
      ['Message', 'Ym9keQ=='],
      ['Subscriber', ACCOUNT.accountId],
      ['PublishTime', String(server.clock.now())],
      ['SubscriptionName', 's'],
      ['MessageMD5', createHash('md5').update('Ym9keQ==').digest('hex').toUpperCase()],
      ['TopicName', 't'],
      ['MessageId', published.MessageId],
    ]);
    expect(received.MessageId).not.toBe(published.MessageId);
  });

  test('an XML message, the default, is a Notification', async () => {
    await subscribe('s', queueArn('q'));

    await server.request('POST', '/topics/t/messages', {
      body: '<Message><MessageBody>&lt;a&amp;b&gt;</MessageBody><MessageTag>tag</MessageTag></Message>',
    });

    const { body: received } = await server.sdk.receiveMessage('q');
    const notification = parseXml(received.MessageBody!);
    expect(notification.name).toBe('Notification');
    expect(notification.children.map(({ name }) => name)).toEqual([
      'TopicOwner',
      'TopicName',
      'Subscriber',
      'SubscriptionName',
      'MessageId',
      'Message',
      'MessageMD5',
      'MessageTag',
      'PublishTime',
    ]);
    expect(childText(notification, 'Message')).toBe('<a&b>');
  });

  test('a message reaches subscriptions without a filter and those with its tag', async () => {
    for (const name of ['all', 'red', 'blue']) {
      await server.sdk.createQueue(name);
      const filter = name === 'all' ? '' : `<FilterTag>${name}</FilterTag>`;
      await subscribe(name, queueArn(name), format('SIMPLIFIED') + filter);
    }

    await server.sdk.publishMessage('t', { MessageBody: 'm', MessageTag: 'red' });

    const active = async (name: string) => (await server.sdk.getQueueAttributes(name)).body.ActiveMessages;
    expect([await active('all'), await active('red'), await active('blue')]).toEqual(['1', '1', '0']);
  });

  test('a message wakes a long poll on the queue of a subscription', async () => {
    await subscribe('s', queueArn('q'), format('SIMPLIFIED'));
    const polling = server.sdk.receiveMessage('q', 20);
    await until(() => server.clock.pending() === 1);

    await server.sdk.publishMessage('t', { MessageBody: 'm' });

    expect((await polling).body.MessageBody).toBe('m');
  });

  test('a message is retried while its queue does not exist', async () => {
    await subscribe('s', queueArn('q'), format('SIMPLIFIED'));
    await server.sdk.deleteQueue('q');
    await server.sdk.publishMessage('t', { MessageBody: 'm' });
    await until(() => server.clock.pending() === 1);
    await server.sdk.createQueue('q');

    await server.clock.advance(20_000);

    expect((await server.sdk.receiveMessage('q')).body.MessageBody).toBe('m');
  });
});

describe('messages of topics to HTTP endpoints', () => {
  test('a pushed message has descriptive headers and a signature that the served certificate verifies', async () => {
    const { pushed, url } = await endpoint();
    await subscribe('s', `${url}/hook?x=1`, format('SIMPLIFIED'));

    const { body: published } = await server.sdk.publishMessage('t', { MessageBody: 'm', MessageTag: 'tag' });

    await until(() => pushed.length === 1);
    const { target, headers, body } = pushed[0]!;
    expect(body).toBe('m');
    expect(target).toBe('/hook?x=1');
    expect(headers).toMatchObject({
      'user-agent': 'Aliyun Notification Service Agent',
      'content-type': 'text/plain;charset=utf-8',
      'content-md5': createHash('md5').update('m').digest('hex').toUpperCase(),
      'x-mns-message-id': published.MessageId,
      'x-mns-message-tag': 'tag',
      'x-mns-publish-time': String(server.clock.now()),
      'x-mns-subscriber': ACCOUNT.accountId,
      'x-mns-subscription-name': 's',
      'x-mns-topic-name': 't',
      'x-mns-topic-owner': ACCOUNT.accountId,
      'x-mns-version': '2015-06-06',
    });
    const certificateUrl = Buffer.from(String(headers['x-mns-signing-cert-url']), 'base64').toString();
    const { publicKey } = new X509Certificate(await (await fetch(certificateUrl)).text());
    const text = stringToSignMnsV2({ method: 'POST', headers: headers as Record<string, string>, target });
    const signature = Buffer.from(headers.authorization!, 'base64');
    expect(verify('sha1', Buffer.from(text), publicKey, signature)).toBe(true);
    expect(verify('sha1', Buffer.from(`${text}x`), publicKey, signature)).toBe(false);
  });

  test.each([
    ['XML', 'text/xml;charset=utf-8', /^<\?xml.*<Message>m<\/Message>/s],
    ['JSON', 'text/plain;charset=utf-8', /^\{"TopicOwner".*"Message":"m"/],
  ])('a pushed message has the format %s', async (name, type, content) => {
    const { pushed, url } = await endpoint();
    await subscribe('s', url, format(name));

    await server.sdk.publishMessage('t', { MessageBody: 'm' });

    await until(() => pushed.length === 1);
    expect(pushed[0]!.target).toBe('/notifications');
    expect(pushed[0]!.headers['content-type']).toBe(type);
    expect(pushed[0]!.body).toMatch(content);
    expect(pushed[0]!.headers).not.toHaveProperty('x-mns-message-id');
  });

  test('BACKOFF_RETRY pushes a message at most four times, ten to twenty seconds apart', async () => {
    const { pushed, url } = await endpoint(500, 500, 500, 500);
    await subscribe('s', url);
    await server.sdk.publishMessage('t', { MessageBody: 'm' });
    for (let tries = 1; tries <= 3; tries++) {
      await until(() => pushed.length === tries && server.clock.pending() === 1);
      await server.clock.advance(9_999);
      expect(pushed).toHaveLength(tries);
      await server.clock.advance(10_001);
    }
    await until(() => pushed.length === 4);
    const waiting = async () => (await server.sdk.getTopicAttributes('t')).body.MessageCount;
    while ((await waiting()) === '1') await new Promise((resolve) => setImmediate(resolve));

    await server.clock.advance(60_000);

    expect(pushed).toHaveLength(4);
  });

  test('a message is no longer pushed after its subscription is deleted', async () => {
    const { pushed, url } = await endpoint(500);
    await subscribe('s', url);
    await server.sdk.publishMessage('t', { MessageBody: 'm' });
    await until(() => pushed.length === 1 && server.clock.pending() === 1);

    await server.request('DELETE', '/topics/t/subscriptions/s');
    await server.clock.advance(60_000);

    expect(pushed).toHaveLength(1);
    expect(server.clock.pending()).toBe(0);
  });
});
