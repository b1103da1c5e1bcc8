import AliOss from 'ali-oss';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDeployment } from '../../../cli/deploy/deployment.ts';
import { faceRecognitionPolicy, type RamPolicy, type RamStatement } from '../../../cli/deploy/policy.ts';
import { createFaceRecognition } from '../../../functions/face-recognition/function.ts';
import { DEFAULT_ACCOUNT, type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import { createOssClient, type OssClient } from '../../../shared/oss/client.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { untyped } from '../../local/oss/support.ts';
import { ossRecord } from '../../support/oss-record.ts';
import { sampleBytes } from '../../support/photos.ts';

const TEMPLATE = new URL('../../../s.yaml', import.meta.url).pathname;

async function propsOf(name: string, settings: NodeJS.ProcessEnv = {}) {
  const deployed = await readDeployment(TEMPLATE, {
    env: { PATH: process.env.PATH, OSS_BUCKET: 'photos', ...settings },
    accountId: DEFAULT_ACCOUNT.accountId,
  });
  return deployed.find((fn) => fn.name === name)!.props;
}

const actionsOf = ({ Statement }: RamPolicy) => Statement.flatMap(({ Action }) => Action);

const ROLE = {
  accountId: '2000000000000002',
  accessKeyId: 'ROLEACCESSKEYID',
  accessKeySecret: 'role-access-key-secret',
};

describe('the policy of face-recognition', () => {
  let cloud: LocalCloud;
  let owner: OssClient;
  let policy: RamPolicy;

  beforeAll(async () => {
    cloud = await startLocalCloud({ region: 'cn-shanghai', accounts: [DEFAULT_ACCOUNT, ROLE] });
    owner = createOssClient({
      endpoint: cloud.oss.url,
      region: cloud.region,
      credentials: staticCredentials(cloud.credentials),
      clock: systemClock,
      random: Math.random,
      timeoutMs: 5000,
      attempts: 1,
    });
    await owner.createBucket('photos');
    policy = faceRecognitionPolicy(await propsOf('face-recognition'), 'photos');
  });

  afterAll(async () => {
    owner.close();
    await cloud.close();
  });

  /** What the role may do in OSS, as a policy of the bucket: the local cloud has accounts, not roles. */
  const grant = async (statements: readonly RamStatement[]) => {
    const client = new AliOss({
      ...cloud.credentials,
      endpoint: cloud.oss.url.replace('127.0.0.1', 'localhost'),
      sldEnable: true,
      bucket: 'photos',
    } as AliOss.Options);
    await untyped(client).putBucketPolicy!('photos', {
      Version: '1',
      Statement: statements
        .filter(({ Action }) => Action.some((action) => action.startsWith('oss:')))
        .map(({ Effect, Action, Resource }) => ({ Effect, Action, Resource, Principal: [ROLE.accountId] })),
    });
  };

  const asRole = () =>
    createFaceRecognition({
      env: { FC_REGION: cloud.region, OSS_ENDPOINT: cloud.oss.url, ENGINE: 'local' },
      clock: systemClock,
      random: () => 0,
      write: () => {},
    });

  /** An upload, a smaller picture in its place, and its removal: everything that the function ever asks of OSS. */
  const course = async () => {
    const photos = owner.bucket('photos');
    const fn = asRole();
    const context = {
      requestId: 'request-1',
      credentials: { ...ROLE, securityToken: '' },
      function: { timeout: 60 },
    };
    const handle = async (eventName: string, { requestId, etag }: { requestId: string; etag: string }) => {
      const record = ossRecord({ key: 'incoming/a.jpg', eventName, requestId, eTag: etag });
      const report = await fn.handler(Buffer.from(JSON.stringify({ events: [record] })), context);
      return (report as { records: { outcome: string }[] }).records.map(({ outcome }) => outcome);
    };
    const outcomes: string[] = [];
    try {
      for (const sample of [5, 1] as const) {
        const written = await photos.put('incoming/a.jpg', sampleBytes(sample));
        outcomes.push(...(await handle('ObjectCreated:PutObject', written)));
      }
      await photos.delete('incoming/a.jpg');
      outcomes.push(...(await handle('ObjectRemoved:DeleteObject', { requestId: 'removal-1', etag: '' })));
    } catch {
      outcomes.push('thrown');
    } finally {
      await fn.preStop(context);
      for await (const { key } of photos.list()) await photos.delete(key);
    }
    return outcomes;
  };

  test('is enough for uploads, changes and removals', async () => {
    await grant(policy.Statement);

    expect(await course()).toEqual(['processed', 'processed', 'gone']);
  });

  test('allows nothing that the function can do without', async () => {
    const oss = policy.Statement.filter(({ Action }) => Action.some((action) => action.startsWith('oss:')));
    const needless: string[] = [];
    for (const [index, statement] of oss.entries()) {
      for (const action of statement.Action) {
        const less = { ...statement, Action: statement.Action.filter((other) => other !== action) };
        const rest = less.Action.length > 0 ? [less] : [];
        await grant([...oss.slice(0, index), ...rest, ...oss.slice(index + 1)]);
        const outcomes = await course();
        if (outcomes.join() === 'processed,processed,gone')
          needless.push(`${action} on ${statement.Resource}`);
      }
    }

    expect(needless).toEqual([]);
  });

  test('names the actions of FaceBody and of the destination that are used', () => {
    const others = actionsOf(policy).filter((action) => !action.startsWith('oss:'));

    expect(others).toEqual(['viapi-facebody:DetectFace', 'viapi-facebody:RecognizeFace', 'mns:SendMessage']);
  });

  test('covers people and their gallery when there is one', async () => {
    const settings = { GALLERY: 'oss', ENGINE: 'local', TRIGGER: 'oss-with-people' };

    const { Statement } = faceRecognitionPolicy(await propsOf('face-recognition', settings), 'photos');

    expect(Statement[0]!.Resource).toContain('acs:oss:*:*:photos/people/*');
    expect(Statement[1]!.Resource).toContain('acs:oss:*:*:photos/gallery/*');
    expect(actionsOf({ Version: '1', Statement }).join()).not.toContain('viapi');
  });
});
