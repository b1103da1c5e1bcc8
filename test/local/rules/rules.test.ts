import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NotificationTarget } from '../../../local/events/notification-target.ts';
import type { ObjectChange } from '../../../local/events/object-change.ts';
import { createEventRules, type NewEventRule } from '../../../local/rules/index.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { isAppError } from '../../../shared/runtime/errors.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** Remembers what MNS was asked to do; fails while `failing` is set. */
function recordingTarget() {
  const calls: unknown[][] = [];
  const state = { failing: false };
  const target: NotificationTarget = {
    async createTopic(name) {
      calls.push(['createTopic', name]);
    },
    async subscribe(topic, subscription, endpoint, { format }) {
      calls.push(['subscribe', topic, subscription, endpoint, format]);
    },
    async publish(topic, body) {
      if (state.failing) throw new Error('no disk');
      calls.push(['publish', topic, JSON.parse(Buffer.from(body, 'base64').toString())]);
    },
    async send(queue, body) {
      calls.push(['send', queue, JSON.parse(Buffer.from(body, 'base64').toString())]);
    },
  };
  return { target, calls, state };
}

function spec(fields: Partial<NewEventRule> = {}): NewEventRule {
  return {
    name: 'faces',
    eventTypes: ['ObjectCreated:PutObject'],
    resources: [{ bucket: 'photos', prefix: 'in/', suffix: '' }],
    endpoints: [{ type: 'queue', name: 'uploads' }],
    ...fields,
  };
}

function change(fields: Partial<ObjectChange> = {}): ObjectChange {
  return {
    eventName: 'ObjectCreated:PutObject',
    time: NOW,
    requestId: '0123456789ABCDEF01234567',
    sourceIp: '10.0.0.1',
    requesterId: '42',
    ownerId: '7',
    bucket: 'photos',
    key: 'in/\u732b.jpg',
    size: 10,
    deltaSize: -5,
    etag: 'ABC',
    ...fields,
  };
}

describe('event rules', () => {
  let dataDir: string;
  let mns: ReturnType<typeof recordingTarget>;

  beforeEach(async () => {
    dataDir = await fs.mkdtemp(path.join(tmpdir(), 'rules-test-'));
    mns = recordingTarget();
  });
  afterEach(() => fs.rm(dataDir, { recursive: true, force: true }));

  const open = (directory?: string) =>
    createEventRules({
      dataDir: directory,
      region: 'cn-hangzhou',
      accounts: [{ accountId: '7', accessKeyId: 'id', accessKeySecret: 'secret' }],
      target: mns.target,
      clock: manualClock(NOW),
      random: seededRandom(1),
      logger: silentLogger,
    });

  test('a rule creates the topic and subscriptions that the console creates', async () => {
    const rules = await open();

    await rules.create(
      spec({
        endpoints: [
          { type: 'queue', name: 'uploads' },
          { type: 'http', url: 'http://127.0.0.1:1/x' },
        ],
      }),
    );

    const topic = `mns-en-topics-oss-faces-${NOW}`;
    expect(mns.calls).toEqual([
      ['createTopic', topic],
      [
        'subscribe',
        topic,
        `mns-en-subs-oss-faces-1-${NOW}`,
        'acs:mns:cn-hangzhou:7:queues/uploads',
        'SIMPLIFIED',
      ],
      ['subscribe', topic, `mns-en-subs-oss-faces-2-${NOW}`, 'http://127.0.0.1:1/x', 'SIMPLIFIED'],
    ]);
  });

  test('a rule publishes one event per message, in the form of the service', async () => {
    const rules = await open();
    const { topic } = await rules.create(spec());
    mns.calls.length = 0;

    const outcome = await rules.emit(change());

    expect(outcome).toBe('published');
    expect(mns.calls).toEqual([
      [
        'publish',
        topic,
        {
          events: [
            {
              eventName: 'ObjectCreated:PutObject',
              eventSource: 'acs:oss',
              eventTime: '2026-01-02T03:04:05.000Z',
              eventVersion: '1.0',
              oss: {
                bucket: {
                  arn: 'acs:oss:cn-hangzhou:7:photos',
                  name: 'photos',
                  ownerIdentity: '7',
                  virtualBucket: '',
                },
                object: { deltaSize: -5, eTag: 'ABC', key: 'in/\u732b.jpg', size: 10 },
                ossSchemaVersion: '1.0',
                ruleId: 'faces',
              },
              region: 'cn-hangzhou',
              requestParameters: { sourceIPAddress: '10.0.0.1' },
              responseElements: { requestId: '0123456789ABCDEF01234567' },
              userIdentity: { principalId: '42' },
            },
          ],
        },
      ],
    ]);
  });

  test('a notification has the fields that only some events have', async () => {
    const rules = await open();
    await rules.create(spec({ eventTypes: ['ObjectCreated:*', 'ObjectDownloaded:GetObject'] }));
    mns.calls.length = 0;

    await rules.emit(change({ position: 0, versionId: 'v1', xVars: { 'x:a': '1' } }));
    await rules.emit(change({ eventName: 'ObjectDownloaded:GetObject', read: { from: 0, to: 10 } }));

    const events = mns.calls.map((call) => (call[2] as { events: [Record<string, unknown>] }).events[0]);
    expect(events).toMatchObject([
      { oss: { object: { position: 0, versionId: 'v1' } }, xVars: { 'x:a': '1' } },
      { oss: { object: { readFrom: 0, readTo: 10 } } },
    ]);
    expect(events[1]).not.toHaveProperty('xVars');
  });

  test('a rule with direct delivery sends to its queue', async () => {
    const rules = await open();
    await rules.create(spec({ delivery: 'direct' }));

    await rules.emit(change());

    expect(mns.calls.map(([call, name]) => [call, name])).toEqual([['send', 'uploads']]);
  });

  test('a change that no rule covers sends nothing', async () => {
    const rules = await open();
    await rules.create(spec());
    mns.calls.length = 0;

    const outcomes = await Promise.all([
      rules.emit(change({ key: 'out/a' })),
      rules.emit(change({ bucket: 'others' })),
      rules.emit(change({ eventName: 'ObjectRemoved:DeleteObject' })),
    ]);

    expect(outcomes).toEqual(['unmatched', 'unmatched', 'unmatched']);
    expect(mns.calls).toEqual([]);
  });

  test('a rule reports that an event could not be published, and never throws', async () => {
    const rules = await open();
    await rules.create(spec());
    mns.state.failing = true;

    expect(await rules.emit(change())).toBe('failed');
  });

  test('rules survive a restart', async () => {
    const first = await open(dataDir);
    const created = await first.create(spec());

    const second = await open(dataDir);

    expect(second.list()).toEqual([created]);
    expect(await second.emit(change())).toBe('published');
  });

  test('a damaged file of rules is not opened', async () => {
    await fs.writeFile(path.join(dataDir, 'rules.json'), '[{');

    const error: unknown = await open(dataDir).catch((thrown: unknown) => thrown);

    expect(isAppError(error, 'StorageCorrupt')).toBe(true);
  });

  test('a deleted rule sends nothing', async () => {
    const rules = await open(dataDir);
    await rules.create(spec());

    const outcomes = [await rules.delete('faces'), await rules.delete('faces')];

    expect(outcomes).toEqual([true, false]);
    expect(await rules.emit(change())).toBe('unmatched');
    expect((await open(dataDir)).list()).toEqual([]);
  });

  test('rule names are unique, and a region has at most ten rules', async () => {
    const rules = await open();
    for (let index = 0; index < 10; index++) {
      await rules.create(
        spec({ name: `rule-${index}`, resources: [{ bucket: 'photos', key: String(index) }] }),
      );
    }

    const [twice, eleventh] = await Promise.allSettled([
      rules.create(spec({ name: 'rule-1', resources: [{ bucket: 'photos', key: 'other' }] })),
      rules.create(spec({ name: 'rule-11', resources: [{ bucket: 'photos', key: 'other' }] })),
    ]);

    expect(twice).toMatchObject({
      reason: { code: 'ConfigInvalid', message: expect.stringContaining('rule-1 exists already') },
    });
    expect(eleventh).toMatchObject({
      reason: { code: 'ConfigInvalid', message: expect.stringContaining('there are 10') },
    });
  });

  test('rules that are created at the same time are checked against each other', async () => {
    const rules = await open();

    const outcomes = await Promise.allSettled([
      rules.create(spec({ name: 'a' })),
      rules.create(spec({ name: 'b' })),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({
      reason: { message: expect.stringContaining('overlaps with rule a') },
    });
  });

  test('an ensured rule is created, kept or replaced', async () => {
    const rules = await open();

    const made = await rules.ensure(spec());
    const left = await rules.ensure(spec());
    const replaced = await rules.ensure(
      spec({ resources: [{ bucket: 'photos', prefix: 'new/', suffix: '' }] }),
    );

    expect(left).toBe(made);
    expect(replaced.resources).toEqual([{ bucket: 'photos', prefix: 'new/', suffix: '' }]);
    expect(rules.list()).toEqual([replaced]);
  });
});
