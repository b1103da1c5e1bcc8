import AliOss from 'ali-oss';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDeployment } from '../../../cli/deploy/deployment.ts';
import { faceRecognitionPolicy, type RamStatement } from '../../../cli/deploy/policy.ts';
import { createFunctionHooks } from '../../../functions/face-recognition/managed/hooks.ts';
import { DEFAULT_ACCOUNT, type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import type { OssClient } from '../../../shared/oss/client.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { untyped } from '../../local/oss/support.ts';
import { ossClientOf } from '../../support/cloud-clients.ts';
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

const ROLE = {
  accountId: '2000000000000002',
  accessKeyId: 'ROLEACCESSKEYID',
  accessKeySecret: 'role-access-key-secret',
};

interface Step {
  readonly key: string;
  /** The object is removed if absent. */
  readonly bytes?: () => Promise<Buffer> | Buffer;
  /** Whether a new instance takes this step and the following ones. */
  readonly cold?: boolean;
}

/** Steps that cover every request of the function to OSS: an upload, a smaller picture in its place, and its removal. */
const IMAGES: readonly Step[] = [
  { key: 'incoming/a.jpg', bytes: () => sampleBytes(5) },
  { key: 'incoming/a.jpg', bytes: () => sampleBytes(1) },
  { key: 'incoming/a.jpg' },
];

/** The same, with a person who is enrolled by a portrait, recognised, and removed. */
const PEOPLE: readonly Step[] = [
  { key: 'people/guest/portrait.jpg', bytes: portrait },
  { key: 'incoming/b.jpg', bytes: () => sampleBytes(1), cold: true },
  ...IMAGES,
  { key: 'people/guest/portrait.jpg' },
];

/** One of the three faces of a sample. */
function portrait(): Promise<Buffer> {
  return sharp(sampleBytes(1)).extract({ left: 1330, top: 60, width: 560, height: 700 }).jpeg().toBuffer();
}

describe.each([
  {
    gallery: 'without people',
    settings: { ENGINE: 'local' },
    steps: IMAGES,
    outcomes: ['processed', 'processed', 'gone'],
  },
  {
    gallery: 'with people',
    settings: { ENGINE: 'local', GALLERY: 'oss', TRIGGER: 'oss-with-people' },
    steps: PEOPLE,
    outcomes: ['enrolled', 'processed', 'processed', 'processed', 'gone', 'gone'],
  },
  {
    gallery: 'with an index of every face',
    settings: { ENGINE: 'local', GALLERY: 'oss', INDEX: 'oss', TRIGGER: 'oss-with-people' },
    steps: PEOPLE,
    outcomes: ['enrolled', 'processed', 'processed', 'processed', 'gone', 'gone'],
  },
])('policy of face-recognition $gallery', ({ gallery, settings, steps, outcomes }) => {
  let cloud: LocalCloud;
  let owner: OssClient;
  let statements: readonly RamStatement[];

  beforeAll(async () => {
    cloud = await startLocalCloud({ region: 'cn-shanghai', accounts: [DEFAULT_ACCOUNT, ROLE] });
    owner = ossClientOf(cloud);
    await owner.createBucket('photos');
    const { Statement } = faceRecognitionPolicy(await propsOf('face-recognition', settings), 'photos');
    statements = Statement.filter(({ Action }) => Action.some((action) => action.startsWith('oss:')));
  });

  afterAll(async () => {
    owner.close();
    await cloud.close();
  });

  /** Grants the role's permissions in OSS by a bucket policy, because the local cloud has accounts and no roles. */
  const grant = async (granted: readonly RamStatement[]) => {
    const client = new AliOss({
      ...cloud.credentials,
      endpoint: cloud.oss.url.replace('127.0.0.1', 'localhost'),
      sldEnable: true,
      bucket: 'photos',
    } as AliOss.Options);
    await untyped(client).putBucketPolicy!('photos', {
      Version: '1',
      Statement: granted.map(({ Effect, Action, Resource }) => ({
        Effect,
        Action,
        Resource,
        Principal: [ROLE.accountId],
      })),
    });
  };

  /** Takes all steps as the role until one fails, and returns the outcomes. */
  const takeSteps = async (): Promise<string[]> => {
    const photos = owner.bucket('photos');
    const open = () =>
      createFunctionHooks({
        env: { FC_REGION: cloud.region, OSS_ENDPOINT: cloud.oss.url, ...settings },
        clock: systemClock,
        random: () => 0,
        write: () => {},
      });
    let fn = open();
    const credentials = { ...ROLE, securityToken: '' };
    const context = { requestId: 'request-1', credentials, function: { timeout: 60 } };
    const seen: string[] = [];
    try {
      for (const [index, { key, bytes, cold }] of steps.entries()) {
        if (cold) {
          await fn.preStop(context);
          fn = open();
        }
        const removal = { requestId: `removal-${index}`, etag: '' };
        const { requestId, etag } = bytes ? await photos.put(key, await bytes()) : removal;
        if (!bytes) await photos.delete(key);
        const eventName = bytes ? 'ObjectCreated:PutObject' : 'ObjectRemoved:DeleteObject';
        const record = ossRecord({ key, eventName, requestId, eTag: etag });
        const report = await fn.handler(Buffer.from(JSON.stringify({ events: [record] })), context);
        seen.push(...(report as { records: { outcome: string }[] }).records.map(({ outcome }) => outcome));
      }
    } catch {
      seen.push('thrown');
    } finally {
      await fn.preStop(context);
      for await (const { key } of photos.list()) await photos.delete(key);
    }
    return seen;
  };

  test(`the policy of face-recognition ${gallery} allows everything that the function does`, async () => {
    await grant(statements);

    expect(await takeSteps()).toEqual(outcomes);
  });

  test(`face-recognition ${gallery} fails without any action of its policy`, {
    timeout: 120_000,
  }, async () => {
    const needless: string[] = [];
    for (const [statement, part, what] of takenApart(statements)) {
      await grant([...statements.filter((other) => other !== statement), ...part]);
      if ((await takeSteps()).join() === outcomes.join()) needless.push(what);
    }

    expect(needless).toEqual([]);
  });
});

/** For each action on each resource: its statement, what is left of the statement without it, and its name. */
function takenApart(
  statements: readonly RamStatement[],
): readonly (readonly [RamStatement, readonly RamStatement[], string])[] {
  return statements.flatMap((statement) =>
    statement.Action.flatMap((action) =>
      statement.Resource.map((resource) => {
        const otherActions = statement.Action.filter((other) => other !== action);
        const otherResources = statement.Resource.filter((other) => other !== resource);
        const rest = [
          { ...statement, Action: otherActions },
          { ...statement, Action: [action], Resource: otherResources },
        ];
        const left = rest.filter(({ Action, Resource }) => Action.length > 0 && Resource.length > 0);
        return [statement, left, `${action} on ${resource}`] as const;
      }),
    ),
  );
}

test('the policy of face-recognition names the actions of FaceBody and of the dead letters that the function uses', async () => {
  const { Statement } = faceRecognitionPolicy(await propsOf('face-recognition'), 'photos');

  const actions = Statement.flatMap(({ Action }) => Action).filter((action) => !action.startsWith('oss:'));

  expect(actions).toEqual(['viapi-facebody:DetectFace', 'viapi-facebody:RecognizeFace', 'mns:SendMessage']);
});
