import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { authorizationMnsV4, signMnsV4, stringToSignMnsV4 } from '../../shared/mns/signature.ts';
import { childText, parseXml } from '../../shared/runtime/xml.ts';
import { checkThrough } from './check.ts';

const check = checkThrough('raw V4');

/** No SDK for Node signs MNS with V4; the signature itself is held to the Java SDK's vectors elsewhere. */
describe('signature V4 of MNS', () => {
  let cloud: LocalCloud;

  beforeAll(async () => {
    cloud = await startLocalCloud();
    await cloud.mns.ensureQueue('q');
  });
  afterAll(() => cloud.close());

  async function request(
    method: string,
    path: string,
    {
      query = {},
      body,
      region = cloud.region,
    }: { query?: Record<string, string>; body?: string; region?: string } = {},
  ) {
    const now = new Date();
    const headers = {
      date: now.toUTCString(),
      'x-mns-version': '2015-06-06',
      ...(body !== undefined && { 'content-type': 'text/xml' }),
    };
    const context = { date: now.toISOString().replace(/[-:]|\.\d+/g, ''), region };
    const text = stringToSignMnsV4(context, { method, path, query: Object.entries(query), headers });
    const { accessKeyId, accessKeySecret } = cloud.credentials;
    const signature = signMnsV4({ ...context, secret: accessKeySecret }, text);
    const search = new URLSearchParams(query).toString();
    const response = await fetch(`${cloud.mns.url}${path}${search && `?${search}`}`, {
      method,
      headers: { ...headers, authorization: authorizationMnsV4(accessKeyId, context, signature) },
      body,
    });
    const answer = await response.text();
    const xml = answer ? parseXml(answer) : undefined;
    return { status: response.status, text: (name: string) => (xml && childText(xml, name)) ?? '' };
  }

  check('SendMessage', 'stores the message', async () => {
    const body = '<Message><MessageBody>m</MessageBody></Message>';

    const sent = await request('POST', '/queues/q/messages', { body });

    expect(sent.status).toBe(201);
    const peeked = await request('GET', '/queues/q/messages', { query: { peekonly: 'true' } });
    expect(peeked.text('MessageBody')).toBe('m');
  });

  check('ReceiveMessage', 'accepts parameters', async () => {
    await request('POST', '/queues/q/messages', { body: '<Message><MessageBody>m</MessageBody></Message>' });

    const received = await request('GET', '/queues/q/messages', { query: { waitseconds: '1' } });

    expect({ status: received.status, body: received.text('MessageBody') }).toEqual({
      status: 200,
      body: 'm',
    });
  });

  check('GetQueueAttributes', 'is refused for another region', async () => {
    const answer = await request('GET', '/queues/q', { region: 'cn-beijing' });

    expect({ status: answer.status, code: answer.text('Code') }).toEqual({
      status: 403,
      code: 'SignatureDoesNotMatch',
    });
  });
});
