import { expect, test } from 'vitest';
import { ramOf } from '../../cli/deploy/apply.ts';
import { deployerPolicy } from '../../cli/deploy/deployer-policy.ts';
import { readDeployment } from '../../cli/deploy/deployment.ts';
import type { RamPolicy } from '../../cli/deploy/policy.ts';
import { openStage, type Settings, type Stage } from './stage.ts';

const BUCKET = { OSS_BUCKET: 'photos', REGION: 'cn-shanghai' };

/** What the services, or the component for them, say to a caller without a right. */
const DENIED =
  /NoPermission|AccessDenied|Unauthorized|not authorized|denied|no permission|Failed to create role/;
/** For a deployment per right. */
const TIMEOUT_MS = 900_000;

/** The policy without one of its actions. */
function without(policy: RamPolicy, action: string): RamPolicy {
  return {
    ...policy,
    Statement: policy.Statement.map((statement) => ({
      ...statement,
      Action: statement.Action.filter((name) => name !== action),
    })).filter(({ Action }) => Action.length > 0),
  };
}

const actionsOf = ({ Statement }: RamPolicy) => [...new Set(Statement.flatMap(({ Action }) => Action))];

/**
 * Gives Serverless Devs the keys of a session that has these rights and no others. Returns the settings of commands that use
 * them: from the environment it takes no token.
 */
async function actWith(policy: RamPolicy, stage: Stage): Promise<Settings> {
  const { account } = stage;
  const ram = ramOf(account);
  const trust = {
    Version: '1',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { RAM: [`acs:ram::${account.accountId}:root`] },
      },
    ],
  };
  const name = `deployer-${Math.random().toString(36).slice(2, 10)}`;
  await ram('CreateRole', { RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) });
  await ram('CreatePolicy', { PolicyName: name, PolicyDocument: JSON.stringify(policy) });
  await ram('AttachPolicyToRole', { RoleName: name, PolicyName: name, PolicyType: 'Custom' });
  const answer = (await account.api.call({
    endpoint: account.endpoints.ram,
    action: 'AssumeRole',
    version: '2015-04-01',
    query: { RoleArn: `acs:ram::${account.accountId}:role/${name}`, RoleSessionName: 'deploy' },
  })) as { Credentials: { AccessKeyId: string; AccessKeySecret: string; SecurityToken: string } };
  const { AccessKeyId, AccessKeySecret, SecurityToken } = answer.Credentials;
  const keys = `--AccessKeyID ${AccessKeyId} --AccessKeySecret ${AccessKeySecret} --SecurityToken ${SecurityToken}`;
  await stage.s(`config add -a default --AccountID ${account.accountId} ${keys} -f`);
  return { AccountID: undefined, AccessKeyID: undefined, AccessKeySecret: undefined };
}

/** The rights that `s deploy` of one function, `s logs` and `s remove` need. */
async function deployerOf(stage: Stage, settings: Settings = {}): Promise<RamPolicy> {
  const deployed = await readDeployment('s.yaml', {
    env: { PATH: process.env.PATH, ...BUCKET, ...settings },
    accountId: stage.cloud.accountId,
  });
  return deployerPolicy(deployed, { accountId: stage.cloud.accountId, bucket: 'photos' });
}

test('who has the rights of policy --deployer deploys, reads logs and removes, beginning with an empty account', async () => {
  const stage = await openStage();
  await stage.setUp();
  const own = await actWith(await deployerOf(stage), stage);

  await stage.s('deploy -y --skip-actions', own);
  await stage.process('incoming/group.jpg');
  const logs = await stage.s('face-recognition logs', own);
  await stage.s('remove -y', own);

  expect(logs).toContain('processed');
});

test('without any one of the rights of policy --deployer, deploying or reading logs fails', {
  timeout: TIMEOUT_MS,
}, async () => {
  const stage = await openStage();
  const policy = await deployerOf(stage);
  const missed: string[] = [];

  for (const action of actionsOf(policy)) {
    await stage.cloud.reset();
    await stage.setUp();
    // The role of the trigger is created by the deployment, as in a new account.
    const ram = ramOf(stage.account);
    const RoleName = 'AliyunOSSEventNotificationRole';
    for (const PolicyName of ['AliyunOSSEventNotificationRolePolicy', 'AliyunFCInvocationAccess'])
      await ram('DetachPolicyFromRole', { RoleName, PolicyName, PolicyType: 'System' });
    await ram('DeleteRole', { RoleName });
    const own = await actWith(without(policy, action), stage);
    const deployed = await stage.tryS('face-recognition deploy -y --skip-actions', own);
    const logs = deployed.code === 0 ? await stage.tryS('face-recognition logs', own) : deployed;
    if (logs.code === 0 || !DENIED.test(logs.output)) missed.push(`${action}: ${logs.output}`);
  }

  expect(missed).toEqual([]);
});
