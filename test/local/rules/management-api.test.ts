import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import { acs3Authorization, acs3ContentHash } from '../../../shared/runtime/acs3.ts';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';

let clock: ManualClock;
let cloud: LocalCloud;
let nonce = 0;
beforeEach(async () => {
  clock = manualClock();
  cloud = await startLocalCloud({ clock });
  await cloud.mns.ensureQueue('uploads');
});
afterEach(() => cloud.close());

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly secret?: string;
  /** Sends the parameters as a form instead of in the query. */
  readonly form?: boolean;
}

/** A signed call as the API's SDKs make it; objects become JSON texts. */
async function call(action: string, parameters: Record<string, unknown>, options: CallOptions = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const texts = given.map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  );
  const encoded = texts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const body = options.form ? encoded : '';
  const headers: Record<string, string> = {
    host: new URL(cloud.mns.url).host,
    'content-type': 'application/x-www-form-urlencoded',
    'x-acs-action': action,
    'x-acs-version': '2022-01-19',
    'x-acs-date': `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
    'x-acs-signature-nonce': `nonce-${nonce++}`,
    'x-acs-content-sha256': acs3ContentHash(body),
    ...options.headers,
  };
  const { accessKeyId, accessKeySecret } = cloud.credentials;
  const authorization = acs3Authorization(
    { accessKeyId, accessKeySecret: options.secret ?? accessKeySecret },
    { method: 'POST', path: '/', query: options.form ? [] : texts, headers },
  );
  const response = await fetch(`${cloud.mns.url}/${options.form ? '' : `?${encoded}`}`, {
    method: 'POST',
    headers: { ...headers, authorization },
    body,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const rule = {
  ProductName: 'oss',
  RuleName: 'uploads',
  EventTypes: ['ObjectCreated:PutObject'],
  MatchRules: [[{ MatchState: true, Prefix: 'photos/incoming/', Suffix: '.jpg' }]],
  Endpoint: { EndpointType: 'queue', EndpointValue: 'uploads' },
};
const named = { ProductName: 'oss', RuleName: 'uploads' };

describe('the management API of event rules', () => {
  test.each([{ form: false }, { form: true }])(
    'event rules are created, returned, listed and deleted (%o)',
    async (options) => {
      const created = await call('CreateEventRule', rule, options);
      const shown = await call('GetEventRule', named, options);
      const listed = await call('ListEventRules', { ProductName: 'oss' }, options);
      const deleted = await call('DeleteEventRule', named, options);
      const gone = await call('GetEventRule', named, options);

      expect(created).toMatchObject({ status: 200, body: { Code: 200, Status: 'Success', Success: true } });
      expect(shown.body.Data).toEqual({
        RuleName: 'uploads',
        EventTypes: ['ObjectCreated:PutObject'],
        MatchRules: rule.MatchRules,
        Endpoint: rule.Endpoint,
        Endpoints: [rule.Endpoint],
        DeliveryMode: 'DIRECT',
      });
      expect(listed.body.Data).toMatchObject({ Total: 1, PageData: [{ RuleName: 'uploads' }] });
      expect(deleted.body).toMatchObject({ Success: true });
      expect(gone).toMatchObject({ status: 404, body: { Code: 'EventRuleNotExist' } });
    },
  );

  test('the API and the cloud have the same event rules', async () => {
    const { Endpoint: _, ...withoutEndpoint } = rule;

    await call('CreateEventRule', {
      ...withoutEndpoint,
      DeliveryMode: 'BROADCAST',
      MatchRules: [[{ Name: `acs:oss:cn-hangzhou:${cloud.accountId}:photos` }], [{ Name: 'other/a.jpg' }]],
      Endpoints: [
        { EndpointType: 'queue', EndpointValue: 'uploads' },
        { EndpointType: 'http', EndpointValue: 'http://127.0.0.1:1/hook' },
      ],
    });

    expect(cloud.rules.list()).toMatchObject([
      {
        name: 'uploads',
        delivery: 'broadcast',
        resources: [
          { bucket: 'photos', prefix: '', suffix: '' },
          { bucket: 'other', key: 'a.jpg' },
        ],
        endpoints: [
          { type: 'queue', name: 'uploads' },
          { type: 'http', url: 'http://127.0.0.1:1/hook' },
        ],
      },
    ]);
  });

  test('an event rule of the API may publish to an own topic', async () => {
    const Endpoint = { EndpointType: 'topic', EndpointValue: 'mine' };

    const created = await call('CreateEventRule', { ...rule, Endpoint });

    const shown = await call('GetEventRule', named);
    expect(created.status).toBe(200);
    expect(shown.body.Data).toMatchObject({
      Endpoint,
      Endpoints: [Endpoint],
      DeliveryMode: 'BROADCAST',
      TopicName: 'mine',
    });
  });

  test.each([
    [
      'a topic among other endpoints',
      {
        Endpoint: undefined,
        Endpoints: [
          { EndpointType: 'topic', EndpointValue: 'mine' },
          { EndpointType: 'queue', EndpointValue: 'uploads' },
        ],
      },
      'InvalidParameter',
      /only endpoint/,
    ],
    [
      'direct delivery to a topic',
      {
        Endpoint: undefined,
        DeliveryMode: 'DIRECT',
        Endpoints: [{ EndpointType: 'topic', EndpointValue: 'mine' }],
      },
      'InvalidParameter',
      /one queue/,
    ],
    ['no name', { RuleName: '' }, 'MissingParameter', /RuleName/],
    ['another product', { ProductName: 'sls' }, 'InvalidParameter', /ProductName/],
    [
      'an unknown event type',
      { EventTypes: ['ObjectCreated:Nothing'] },
      'InvalidParameter',
      /ObjectCreated:Nothing/,
    ],
    ['event types that are not a list', { EventTypes: 'all' }, 'InvalidParameter', /EventTypes.*JSON/],
    ['a condition without bucket', { MatchRules: [[{ Suffix: '.jpg' }]] }, 'InvalidParameter', /bucket/],
    [
      'a name and a prefix',
      { MatchRules: [[{ Name: 'b/k', Prefix: 'b/' }]] },
      'InvalidParameter',
      /excludes/,
    ],
    [
      'a negative condition',
      { MatchRules: [[{ MatchState: 'false', Name: 'b' }]] },
      'InvalidParameter',
      /MatchState/,
    ],
    [
      'two conditions in one',
      { MatchRules: [[{ Name: 'b' }, { Name: 'c' }]] },
      'InvalidParameter',
      /one condition/,
    ],
  ])('an event rule is refused with %s', async (_, change, code, message) => {
    const answer = await call('CreateEventRule', { ...rule, ...change });

    expect(answer).toMatchObject({
      status: 400,
      body: { Code: code, Message: expect.stringMatching(message) },
    });
    expect(cloud.rules.list()).toEqual([]);
  });

  test.each([
    ['a wrong secret', { secret: 'guessed' }, 'SignatureDoesNotMatch'],
    [
      'a body that is not the signed one',
      { headers: { 'x-acs-content-sha256': acs3ContentHash('x') } },
      'SignatureDoesNotMatch',
    ],
    ['an old date', { headers: { 'x-acs-date': '2025-12-31T23:00:00Z' } }, 'InvalidTimeStamp.Expired'],
    ['no nonce', { headers: { 'x-acs-signature-nonce': '' } }, 'IncompleteSignature'],
    ['another version', { headers: { 'x-acs-version': '2015-06-06' } }, 'InvalidVersion'],
  ])('a request is refused with %s', async (_, options, code) => {
    const answer = await call('CreateEventRule', rule, options);

    expect(answer).toMatchObject({ status: 400, body: { Code: code } });
    expect(cloud.rules.list()).toEqual([]);
  });

  test('a request that is sent twice is refused the second time', async () => {
    const replayed = { headers: { 'x-acs-signature-nonce': 'the same' } };
    await call('ListEventRules', { ProductName: 'oss' }, replayed);

    const answer = await call('ListEventRules', { ProductName: 'oss' }, replayed);

    expect(answer).toMatchObject({ status: 400, body: { Code: 'SignatureNonceUsed' } });
  });

  test('an unknown action is refused', async () => {
    const answer = await call('UpdateEventRule', rule);

    expect(answer).toMatchObject({ status: 404, body: { Code: 'InvalidAction.NotFound' } });
  });
});
