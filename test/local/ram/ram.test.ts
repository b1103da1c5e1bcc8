import { createRequire } from 'node:module';
import * as ramModels from '@alicloud/ram20150501';
import * as stsModels from '@alicloud/sts20150401';
import { describe, expect, test } from 'vitest';
import type { LocalCloud } from '../../../local/cloud.ts';
import type { Credentials } from '../../../shared/runtime/credentials.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { ossClientOf } from '../../support/cloud-clients.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { openCloud } from '../fc/deployed.ts';

const load = createRequire(import.meta.url);
const { default: Ram } = load('@alicloud/ram20150501') as (typeof ramModels)['default'];
const { default: Sts } = load('@alicloud/sts20150401') as (typeof stsModels)['default'];

const ACCOUNT = '1234567890123456';

const configOf = (cloud: LocalCloud, credentials: Credentials = cloud.credentials) =>
  ({ ...credentials, endpoint: new URL(cloud.fc.url).host, protocol: 'HTTP' }) as never;

const trust = (principal: object) =>
  JSON.stringify({
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: principal }],
  });

const policyText = (Action: string, Resource: string, Effect = 'Allow') =>
  JSON.stringify({ Version: '1', Statement: [{ Effect, Action, Resource }] });

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    ({ code }: { code?: string }) => code,
  );

async function createRole(cloud: LocalCloud, roleName: string, principal: object, policies: string[]) {
  const ram = new Ram(configOf(cloud));
  await ram.createRole(
    new ramModels.CreateRoleRequest({ roleName, assumeRolePolicyDocument: trust(principal) }),
  );
  for (const [index, policyDocument] of policies.entries()) {
    const policyName = `${roleName}-${index}`;
    await ram.createPolicy(new ramModels.CreatePolicyRequest({ policyName, policyDocument }));
    const attach = { roleName, policyName, policyType: 'Custom' };
    await ram.attachPolicyToRole(new ramModels.AttachPolicyToRoleRequest(attach));
  }
  return ram;
}

const assume = (cloud: LocalCloud, role: string, durationSeconds?: number) =>
  new Sts(configOf(cloud)).assumeRole(
    new stsModels.AssumeRoleRequest({
      roleArn: `acs:ram::${ACCOUNT}:role/${role}`,
      roleSessionName: 'test',
      durationSeconds,
    }),
  );

describe('roles and policies', () => {
  test('a role and its policies are created, found, changed and deleted by the official SDK', async () => {
    const cloud = await openCloud();
    const ram = await createRole(cloud, 'reader', { Service: ['fc.aliyuncs.com'] }, [
      policyText('oss:GetObject', '*'),
    ]);

    const { body } = await ram.getRole(new ramModels.GetRoleRequest({ roleName: 'reader' }));
    const listed = await ram.listPoliciesForRole(
      new ramModels.ListPoliciesForRoleRequest({ roleName: 'reader' }),
    );
    const early = await codeOf(ram.deleteRole(new ramModels.DeleteRoleRequest({ roleName: 'reader' })));
    await ram.detachPolicyFromRole(
      new ramModels.DetachPolicyFromRoleRequest({
        roleName: 'reader',
        policyName: 'reader-0',
        policyType: 'Custom',
      }),
    );
    await ram.deleteRole(new ramModels.DeleteRoleRequest({ roleName: 'reader' }));

    expect(body!.role).toMatchObject({ roleName: 'reader', arn: `acs:ram::${ACCOUNT}:role/reader` });
    expect(listed.body!.policies!.policy!.map(({ policyName }) => policyName)).toEqual(['reader-0']);
    expect(early).toBe('DeleteConflict.Role.Policy');
    expect(await codeOf(ram.getRole(new ramModels.GetRoleRequest({ roleName: 'reader' })))).toBe(
      'EntityNotExist.Role',
    );
  });

  test('roles and policies are there after a restart', async () => {
    const dataDir = await tempDir();
    const cloud = await openCloud({ dataDir });
    await createRole(cloud, 'reader', { Service: ['fc.aliyuncs.com'] }, [policyText('oss:GetObject', '*')]);
    await cloud.close();

    const ram = new Ram(configOf(await openCloud({ dataDir })));
    const { body } = await ram.listPoliciesForRole(
      new ramModels.ListPoliciesForRoleRequest({ roleName: 'reader' }),
    );

    expect(body!.policies!.policy!.map(({ policyName }) => policyName)).toEqual(['reader-0']);
  });
});

describe('AssumeRole', () => {
  test('the keys of a session open in OSS what the policies of the role allow, and nothing else', async () => {
    const cloud = await openCloud();
    const owner = ossClientOf(cloud);
    await owner.createBucket('photos');
    for (const key of ['mine/a', 'mine/secret', 'others/a'])
      await owner.bucket('photos').put(key, Buffer.from('hello'));
    await createRole(cloud, 'reader', { RAM: [`acs:ram::${ACCOUNT}:root`] }, [
      policyText('oss:GetObject', 'acs:oss:*:*:photos/mine/*'),
      policyText('oss:*', 'acs:oss:*:*:photos/mine/secret', 'Deny'),
    ]);

    const { body } = await assume(cloud, 'reader');
    const { accessKeyId, accessKeySecret, securityToken } = body!.credentials!;
    const keys = staticCredentials({
      accessKeyId: accessKeyId!,
      accessKeySecret: accessKeySecret!,
      securityToken,
    });
    const store = ossClientOf(cloud, { credentials: keys }).bucket('photos');
    const outcomes = [
      await codeOf(store.get('mine/a')),
      await codeOf(store.get('mine/secret')),
      await codeOf(store.get('others/a')),
      await codeOf(store.put('mine/b', Buffer.from('x'))),
    ];

    expect(outcomes).toEqual(['no error', 'AccessDenied', 'AccessDenied', 'AccessDenied']);
  });

  test('a role that does not trust the caller is not assumed, nor one that does not exist', async () => {
    const cloud = await openCloud();
    await createRole(cloud, 'functions', { Service: ['fc.aliyuncs.com'] }, []);

    expect(await codeOf(assume(cloud, 'functions'))).toBe('NoPermission');
    expect(await codeOf(assume(cloud, 'nobody'))).toMatch(/EntityNotExist\.Role|NoPermission/);
  });

  test('the keys of a session end with it', async () => {
    const cloud = await openCloud();
    await createRole(cloud, 'reader', { RAM: [`acs:ram::${ACCOUNT}:root`] }, [policyText('*', '*')]);
    const { body } = await assume(cloud, 'reader', 900);
    const { accessKeyId, accessKeySecret, securityToken } = body!.credentials!;
    const sts = new Sts(configOf(cloud, { accessKeyId, accessKeySecret, securityToken } as Credentials));

    const { body: caller } = await sts.getCallerIdentity();
    await cloud.clock.advance(901_000);

    expect(caller).toMatchObject({ accountId: ACCOUNT, identityType: 'AssumedRoleUser' });
    expect(await codeOf(sts.getCallerIdentity())).toBe('InvalidSecurityToken.Expired');
  });
});

test('an operation that the local cloud does not have is refused with its name', async () => {
  const ram = new Ram(configOf(await openCloud()));

  const error = await ram
    .createUser(new ramModels.CreateUserRequest({ userName: 'somebody' }))
    .catch((thrown: { code: string; message: string }) => thrown);

  expect(error).toMatchObject({ code: 'NotImplemented' });
  expect((error as { message: string }).message).toContain('CreateUser');
});
