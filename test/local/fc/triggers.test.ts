import { describe, expect, test } from 'vitest';
import { createOpenApi } from '../../../cli/open-api.ts';
import type { LocalCloud } from '../../../local/cloud.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { mnsClientOf, ossClientOf } from '../../support/cloud-clients.ts';
import { deploy, eventually, type FcClient, fcClientOf, invoke, models, openCloud } from './deployed.ts';

const ACCOUNT = '1234567890123456';
const ECHO = 'exports.handler = async (event) => event;';

/** Roles with which the platform invokes functions, as `s deploy` creates them. */
async function createRole(cloud: LocalCloud, RoleName: string, service: string, PolicyName: string) {
  const api = createOpenApi({ credentials: staticCredentials(cloud.credentials) });
  const call = (action: string, query: Record<string, string>) =>
    api.call({ endpoint: cloud.fc.url, action, version: '2015-05-01', query });
  const trust = {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [service] } }],
  };
  await call('CreateRole', { RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) });
  await call('AttachPolicyToRole', { RoleName, PolicyName, PolicyType: 'System' });
  api.close();
  return `acs:ram::${ACCOUNT}:role/${RoleName.toLowerCase()}`;
}

async function addTrigger(
  client: FcClient,
  input: { type: string; config: object; sourceArn?: string; role?: string },
) {
  const { type: triggerType, config, sourceArn, role: invocationRole } = input;
  const body = new models.CreateTriggerInput({
    triggerName: 'trigger',
    triggerType,
    triggerConfig: JSON.stringify(config),
    sourceArn,
    invocationRole,
  });
  return (await client.createTrigger('probe', new models.CreateTriggerRequest({ body }))).body!;
}

/** The events that the function was called with. */
async function eventsOf(cloud: LocalCloud): Promise<string[]> {
  const functions = await cloud.fc.functions();
  await functions.settled();
  return functions.history('probe').map(({ body }) => body.toString());
}

describe('OSS', () => {
  const EVENTS = [
    'oss:ObjectCreated:PutObject',
    'oss:ObjectCreated:PostObject',
    'oss:ObjectCreated:CopyObject',
    'oss:ObjectCreated:AppendObject',
    'oss:ObjectCreated:CompleteMultipartUpload',
    'oss:ObjectRemoved:DeleteObject',
    'oss:ObjectRemoved:DeleteObjects',
  ];

  async function openWatched(events: readonly string[]) {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(client, ECHO);
    const oss = ossClientOf(cloud);
    await oss.createBucket('photos');
    const role = await createRole(
      cloud,
      'AliyunOSSEventNotificationRole',
      'oss.aliyuncs.com',
      'AliyunFCInvocationAccess',
    );
    await addTrigger(client, {
      type: 'oss',
      sourceArn: `acs:oss:cn-shanghai:${ACCOUNT}:photos`,
      config: { events, filter: { key: { prefix: 'incoming/', suffix: '.jpg' } } },
      role,
    });
    return { cloud, store: oss.bucket('photos') };
  }

  test('the trigger calls the function for its events, prefix and suffix, and for nothing else', async () => {
    const { cloud, store } = await openWatched(EVENTS);

    await store.put('incoming/a.jpg', Buffer.from('a'));
    await store.put('incoming/a.txt', Buffer.from('a'));
    await store.put('other/a.jpg', Buffer.from('a'));
    await store.delete('incoming/a.jpg');
    const events = await eventsOf(cloud);

    // Asynchronous invocations may end in another order than they began.
    const records = events
      .map((text) => JSON.parse(text).events[0])
      .sort((one, other) => one.eventName.localeCompare(other.eventName));
    expect(records.map(({ eventName, oss }) => [eventName, oss.object.key])).toEqual([
      ['ObjectCreated:PutObject', 'incoming/a.jpg'],
      ['ObjectRemoved:DeleteObject', 'incoming/a.jpg'],
    ]);
    expect(records[0].oss.bucket).toMatchObject({ name: 'photos', ownerIdentity: ACCOUNT });
  });

  test('a role that may not invoke the function is refused, and the trigger is not created', async () => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(client, ECHO);
    await ossClientOf(cloud).createBucket('photos');
    const role = await createRole(cloud, 'Other', 'oss.aliyuncs.com', 'AliyunOSSFullAccess');

    const trigger = {
      type: 'oss',
      sourceArn: `acs:oss:cn-shanghai:${ACCOUNT}:photos`,
      config: { events: EVENTS, filter: { key: { prefix: '', suffix: '' } } },
      role,
    };
    await expect(addTrigger(client, trigger)).rejects.toThrow('do not allow fc:InvokeFunction');

    const { body } = await client.listTriggers('probe', new models.ListTriggersRequest());
    expect(body!.triggers).toEqual([]);
  });
});

describe('timer', () => {
  test.each([
    ['@every 5m', 3],
    ['@every 1m30s', 10],
    ['0 5/10 * * * ?', 2],
    ['CRON_TZ=Asia/Shanghai 0 10 * * * *', 1],
  ])('%s calls the function %i times in 16 minutes', async (cronExpression, times) => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    // A step of the clock is longer than a call.
    await deploy(client, ECHO, { timeout: 3600 });
    // The next full hour, so that the schedule by the clock is the same in each run.
    await cloud.clock.advance(3_600_000 - (cloud.clock.now() % 3_600_000));
    await addTrigger(client, { type: 'timer', config: { cronExpression, enable: true, payload: 'tick' } });

    for (let minute = 0; minute < 16; minute++) {
      await cloud.clock.advance(60_000);
      await eventsOf(cloud);
    }

    const events = (await eventsOf(cloud)).map((text) => JSON.parse(text));
    expect(events.map((it) => it.triggerTime)).toHaveLength(times);
    expect(events[0]).toMatchObject({ triggerName: 'trigger', payload: 'tick' });
  });

  test('a timer that is off calls nothing, and a schedule that is none is refused', async () => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(client, ECHO);
    await addTrigger(client, { type: 'timer', config: { cronExpression: '@every 1m', enable: false } });

    await cloud.clock.advance(3_600_000);

    expect(await eventsOf(cloud)).toEqual([]);
    const wrong = { type: 'timer', config: { cronExpression: '* * *', enable: true } };
    await expect(addTrigger(client, wrong)).rejects.toThrow();
  });
});

describe('HTTP', () => {
  const open = async (authType: string) => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(
      client,
      `exports.handler = async (event) => {
        const { requestContext, rawPath, queryParameters } = JSON.parse(event);
        return { statusCode: 201, headers: { 'x-color': 'red' }, body: requestContext.http.method + ' ' + rawPath + ' ' + queryParameters.a };
      };`,
    );
    const { httpTrigger } = await addTrigger(client, {
      type: 'http',
      config: { authType, methods: ['GET', 'POST'], disableURLInternet: false },
    });
    return httpTrigger!.urlInternet!;
  };

  test('an anonymous request reaches the function, whose answer sets status and headers', async () => {
    const url = await open('anonymous');

    const answer = await fetch(`${url}/photos/1?a=b`);
    const refused = await fetch(url, { method: 'DELETE' });

    expect([answer.status, answer.headers.get('x-color'), await answer.text()]).toEqual([
      201,
      'red',
      'GET /photos/1 b',
    ]);
    expect(refused.status).toBe(405);
  });

  test('a trigger with authType function takes no unsigned request', async () => {
    const url = await open('function');

    const answer = await fetch(url);

    expect(answer.status).toBe(403);
    expect(await answer.json()).toHaveProperty('Code');
  });
});

describe('MNS', () => {
  test('a topic calls the function with each message', async () => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(client, ECHO);
    const mns = mnsClientOf(cloud);
    await mns.createTopic('face-events');
    const role = await createRole(
      cloud,
      'AliyunMNSNotificationRole',
      'mns.aliyuncs.com',
      'AliyunMNSNotificationRolePolicy',
    );
    await addTrigger(client, {
      type: 'mns_topic',
      sourceArn: `acs:mns:cn-shanghai:${ACCOUNT}:/topics/face-events`,
      config: { notifyContentFormat: 'STREAM', notifyStrategy: 'BACKOFF_RETRY' },
      role,
    });

    await mns.publish('face-events', 'hello');

    await eventually(async () => expect(await eventsOf(cloud)).toEqual(['hello']));
    mns.close();
  });

  test('EventBridge takes messages of a queue in batches and deletes them when they are done', async () => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(client, ECHO);
    const mns = mnsClientOf(cloud);
    await mns.createQueue('face-events');
    const queue = mns.queue('face-events');
    for (const text of ['a', 'b', 'c']) await queue.send(Buffer.from(text).toString('base64'));

    await addTrigger(client, {
      type: 'eventbridge',
      config: {
        triggerEnable: true,
        asyncInvocationType: false,
        eventRuleFilterPattern: '{}',
        eventSourceConfig: {
          eventSourceType: 'MNS',
          eventSourceParameters: {
            sourceMNSParameters: {
              RegionId: 'cn-shanghai',
              QueueName: 'face-events',
              IsBase64Decode: true,
            },
          },
        },
        eventSinkConfig: { deliveryOption: { mode: 'event-streaming', eventSchema: 'CloudEvents' } },
        runOptions: {
          mode: 'event-streaming',
          errorsTolerance: 'ALL',
          retryStrategy: { PushRetryStrategy: 'BACKOFF_RETRY' },
          batchWindow: { CountBasedWindow: 3, TimeBasedWindow: 60 },
        },
      },
    });

    const [batch = ''] = await eventually(async () => {
      const events = await eventsOf(cloud);
      expect(events).toHaveLength(1);
      return events;
    });
    const events = JSON.parse(batch) as { type: string; data: { messageBody: string } }[];
    expect(events.map(({ data }) => data.messageBody).sort()).toEqual(['a', 'b', 'c']);
    expect(events[0]!.type).toBe('mns:Queue:SendMessage');
    await eventually(async () => {
      const { activeMessages, inactiveMessages } = await queue.attributes();
      expect([activeMessages, inactiveMessages]).toEqual([0, 0]);
    });
    mns.close();
  });
});

describe('asynchronous calls', () => {
  const toQueue = (name: string) =>
    new models.Destination({ destination: `acs:mns:cn-shanghai:${ACCOUNT}:/queues/${name}/messages` });

  async function openAsync(code: string) {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    const role = await createRole(cloud, 'Sender', 'fc.aliyuncs.com', 'AliyunMNSFullAccess');
    await deploy(client, code, { role });
    const mns = mnsClientOf(cloud);
    await mns.createQueue('done');
    await mns.createQueue('failed');
    await client.putAsyncInvokeConfig(
      'probe',
      new models.PutAsyncInvokeConfigRequest({
        body: new models.PutAsyncInvokeConfigInput({
          maxAsyncRetryAttempts: 2,
          destinationConfig: new models.DestinationConfig({
            onSuccess: toQueue('done'),
            onFailure: toQueue('failed'),
          }),
        }),
      }),
    );
    const letters = async (name: string) => {
      const received = await mns.queue(name).receive({ max: 16, waitSeconds: 0 });
      return received.map(({ body }) => JSON.parse(body));
    };
    return { cloud, client, letters };
  }

  test('a call that succeeds is reported to its destination', async () => {
    const { cloud, client, letters } = await openAsync(ECHO);

    await invoke(client, 'hello', { async: true });
    await (await cloud.fc.functions()).settled();

    expect(await letters('done')).toMatchObject([
      {
        requestPayload: 'hello',
        responsePayload: 'hello',
        requestContext: { condition: 'Success', approximateInvokeCount: 1 },
      },
    ]);
    expect(await letters('failed')).toEqual([]);
  });

  test('a call that fails is retried twice, and then its event goes to the destination of failures', async () => {
    const { cloud, client, letters } = await openAsync(
      'exports.handler = async () => { throw new Error("broken"); };',
    );

    await invoke(client, 'hello', { async: true });
    await (await cloud.fc.functions()).settled();

    expect(await letters('failed')).toMatchObject([
      { requestPayload: 'hello', requestContext: { approximateInvokeCount: 3 } },
    ]);
    expect((await cloud.fc.functions()).history('probe')).toHaveLength(3);
  });

  test('an error inside the platform is not retried', async () => {
    const { cloud, letters } = await openAsync(ECHO);
    const functions = await cloud.fc.functions();
    cloud.faults.inject({ operation: 'InvokeFunction', kind: 'error', rate: 1 });

    await functions.invokeAsync('probe', Buffer.from('hello'));
    await functions.settled();

    expect(await letters('failed')).toMatchObject([
      { requestPayload: 'hello', requestContext: { condition: 'SystemError', approximateInvokeCount: 1 } },
    ]);
    expect(functions.history('probe')).toEqual([]);
  });
});
