import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type AccountAccess, localAccount } from '../../../cli/deploy/account.ts';
import { aliyunScript } from '../../../cli/deploy/aliyun.ts';
import { applyRequirement } from '../../../cli/deploy/apply.ts';
import { estimateCost } from '../../../cli/deploy/cost.ts';
import { readDeployment } from '../../../cli/deploy/deployment.ts';
import { examine } from '../../../cli/deploy/examine.ts';
import { KNOWN_TRIGGERS } from '../../../cli/deploy/known-triggers.ts';
import { grafanaDashboard, logServiceAlerts, logServiceDashboard } from '../../../cli/deploy/monitoring.ts';
import { describeRequirement, requirementsOf } from '../../../cli/deploy/requirements.ts';
import { rosTemplate } from '../../../cli/deploy/ros-template.ts';
import { faultsTogether } from '../../../cli/deploy/rules.ts';
import { DEFAULT_ACCOUNT, startLocalCloud } from '../../../local/cloud.ts';
import type { Connection } from '../../../local/start/connection.ts';

const deployed = (settings: Record<string, string> = {}, template = 's.yaml') =>
  readDeployment(template, {
    env: { PATH: process.env.PATH, OSS_BUCKET: 'photos', ...settings },
    accountId: DEFAULT_ACCOUNT.accountId,
  });

async function openAccount(): Promise<AccountAccess> {
  const cloud = await startLocalCloud({ region: 'cn-shanghai' });
  const connection = {
    ossUrl: cloud.oss.url,
    mnsUrl: cloud.mns.url,
    facebodyUrl: cloud.facebody.url,
    region: cloud.region,
    account: DEFAULT_ACCOUNT,
  } as Connection;
  const account = localAccount(connection, cloud.fc.url);
  onTestFinished(async () => {
    account.close();
    await cloud.close();
  });
  return account;
}

describe('setup', () => {
  test.each([
    ['oss', ['bucket photos', 'role AliyunOSSEventNotificationRole']],
    ['mns-topic', ['topic face-events', 'event rule mnsoss-face-events', 'role AliyunMNSNotificationRole']],
    [
      'mns-queue',
      [
        'queue face-events',
        'event rule mnsoss-face-events',
        'service-linked-role sendevent-fc.eventbridge.aliyuncs.com',
      ],
    ],
    ['poller', ['queue face-events', 'event rule mnsoss-face-events', 'role mnsoss-mns-poller']],
    ['http', ['queue face-dead-letters', 'role mnsoss-face-recognition']],
  ])('TRIGGER=%s needs %j', async (TRIGGER, needed) => {
    const requirements = requirementsOf(await deployed({ TRIGGER }), { bucket: 'photos' });

    expect(requirements.map(describeRequirement)).toEqual(expect.arrayContaining(needed));
  });

  test('what is applied once is there the second time, and doctor finds nothing missing but the functions', async () => {
    const account = await openAccount();
    const functions = await deployed({ TRIGGER: 'mns-topic' });
    const requirements = requirementsOf(functions, { bucket: 'photos' });

    const before = await examine(functions, { account, bucket: 'photos' });
    const first: string[] = [];
    const second: string[] = [];
    for (const requirement of requirements) first.push(await applyRequirement(requirement, account));
    for (const requirement of requirements) second.push(await applyRequirement(requirement, account));
    const after = await examine(functions, { account, bucket: 'photos' });

    expect(new Set(before.map(({ state }) => state))).toEqual(new Set(['missing']));
    expect([new Set(first), new Set(second)]).toEqual([new Set(['created']), new Set(['exists'])]);
    expect(after.filter(({ state }) => state !== 'ok').map(({ subject, state }) => [subject, state])).toEqual(
      [
        ['function face-recognition', 'missing'],
        ['function mns-poller', 'missing'],
      ],
    );
  });

  test('doctor sees a policy that lacks an action, and setup mends it', async () => {
    const account = await openAccount();
    const small = await deployed();
    const large = await deployed({ GALLERY: 'facebody', TRIGGER: 'oss-with-people' });
    for (const requirement of requirementsOf(small, { bucket: 'photos' }))
      await applyRequirement(requirement, account);
    const role = requirementsOf(large, { bucket: 'photos' }).find(
      (requirement) => describeRequirement(requirement) === 'role mnsoss-face-recognition',
    )!;
    const stateOf = async () =>
      (await examine(large, { account, bucket: 'photos' })).find(
        ({ subject }) => subject === 'role mnsoss-face-recognition',
      )!.state;

    const before = await stateOf();
    const applied = await applyRequirement(role, account);

    expect([before, applied, await stateOf()]).toEqual(['wrong', 'changed', 'ok']);
  });

  test('the commands for aliyun and the template for Resource Orchestration Service name every requirement', async () => {
    const requirements = requirementsOf(await deployed({ TRIGGER: 'mns-queue' }), { bucket: 'photos' });

    const lines = aliyunScript(requirements, { region: 'cn-shanghai', usesFaceBody: true });
    const script = lines.join('\n');
    const template = JSON.stringify(rosTemplate(requirements));

    for (const requirement of requirements) {
      const name = 'name' in requirement ? requirement.name : requirement.service;
      expect(script).toContain(name);
      expect(template).toContain(name);
    }
    // Every line is a comment or a command whose quotes are closed.
    for (const line of lines.filter((it) => it && !it.startsWith('#'))) {
      expect(line).toMatch(/^aliyun /);
      expect(line.split("'").length % 2).toBe(1);
    }
  });
});

describe('stages', () => {
  test('s.yaml and deploy/s.dev.yaml share nothing but the quota of FaceBody, which FACEBODY_DEV_QPS divides', async () => {
    const together = async (settings: Record<string, string>) =>
      faultsTogether([...(await deployed(settings)), ...(await deployed(settings, 'deploy/s.dev.yaml'))], {
        facebodyQps: 2,
      });

    expect(await together({})).toEqual([expect.stringContaining('together 2.5')]);
    expect(await together({ FACEBODY_DEV_QPS: '0.5' })).toEqual([]);
    expect(await together({ FACEBODY_DEV_QPS: '0.5', TRIGGER: 'poller' })).toEqual([]);
  });

  test('a stage with the role and the queue of another one is refused', async () => {
    const first = await deployed({ TRIGGER: 'poller' });
    const second = first.map((fn) => ({
      ...fn,
      props: { ...fn.props, functionName: `${fn.props.functionName}-two` },
    }));

    const faults = faultsTogether([...first, ...second], { facebodyQps: 10 });

    expect(faults).toHaveLength(3);
    expect(faults.join('\n')).toContain('share MNS_QUEUE face-events');
    expect(faults.join('\n')).toContain('share role mnsoss-face-recognition');
  });

  test('the overlay of a custom runtime replaces the function, and is no second stage', async () => {
    const both = [...(await deployed()), ...(await deployed({}, 'deploy/s.custom.yaml'))];

    expect(faultsTogether(both, { facebodyQps: 2 })).toEqual([]);
  });
});

test('deploy knows the name of every trigger in deploy/triggers', () => {
  const names = readdirSync('deploy/triggers').flatMap((file) =>
    [...readFileSync(`deploy/triggers/${file}`, 'utf8').matchAll(/"triggerName": "(.+?)"/g)].map(
      ([, name]) => name!,
    ),
  );

  expect([...KNOWN_TRIGGERS].sort()).toEqual([...new Set(names)].sort());
});

describe('cost', () => {
  test('twice the images cost twice as much, and twice the memory costs more', async () => {
    const total = (lines: { usd: number }[]) => lines.reduce((sum, { usd }) => sum + usd, 0);
    const small = await deployed();
    const large = await deployed({ MEMORY_SIZE: '2048', CPU: '0.5' });

    const once = total(estimateCost(small, { images: 100_000 }));
    const twice = total(estimateCost(small, { images: 200_000 }));

    expect(once).toBeGreaterThan(0);
    expect(twice).toBeCloseTo(2 * once, 6);
    expect(total(estimateCost(large, { images: 100_000 }))).toBeGreaterThan(once);
  });

  test('the example of the guide: 100,000 images of 1.5 s cost 98,250 compute units', async () => {
    const [line] = estimateCost(await deployed(), { images: 100_000, seconds: 1.5 });

    expect(line!.units).toBeCloseTo(98_250, 0);
  });
});

describe('monitoring', () => {
  const source = {
    region: 'cn-shanghai',
    project: 'my-project',
    logstore: 'my-logs',
    functionName: 'face-recognition',
  };
  /** Fields of our lines, as the function writes them. */
  const FIELDS = ['level', 'msg', 'outcome', 'faces', 'ms', 'code'];

  test.each([
    ['dashboard', logServiceDashboard(source)],
    ['alerts', logServiceAlerts(source)],
    ['grafana', grafanaDashboard(source)],
  ])('each query of %s is about the function, and reads only fields that its lines have', (_, json) => {
    const text = JSON.stringify(json);
    const queries = [...text.matchAll(/"query":"((?:[^"\\]|\\.)*)"/g)].map(([, query]) => query!);
    const fields = [...text.matchAll(/'\$\.(\w+)'/g)].map(([, field]) => field!);

    expect(queries.length).toBeGreaterThan(2);
    for (const query of queries) expect(query).toContain('face-recognition');
    expect(FIELDS).toEqual(expect.arrayContaining([...new Set(fields)]));
  });

  test('the alerts query the project and the store that they are for', () => {
    const lists = JSON.parse(JSON.stringify(logServiceAlerts(source))) as {
      configuration: { queryList: { project: string; store: string; region: string }[] };
    }[];

    for (const { configuration } of lists)
      expect(configuration.queryList).toMatchObject([
        { project: 'my-project', store: 'my-logs', region: 'cn-shanghai' },
      ]);
  });
});
