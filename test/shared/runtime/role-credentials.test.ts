import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ManualClock, manualClock, steadyClock } from '../../../shared/runtime/clock.ts';
import type { CredentialProvider } from '../../../shared/runtime/credentials.ts';
import { platformCredentials } from '../../../shared/runtime/platform-credentials.ts';
import { createRoleCredentials, readRoleSettings } from '../../../shared/runtime/role-credentials.ts';
import { type StsServer, startStsServer } from '../../support/sts-server.ts';
import { tempDir } from '../../support/temp-dir.ts';

const TOKEN = 'eyJhbGciOiJub25lIn0.planted.token';
const HOUR_MS = 3_600_000;

let clock: ManualClock;
let issued: number;
let sts: StsServer;
let env: NodeJS.ProcessEnv;
let credentials: CredentialProvider;

beforeEach(async () => {
  issued = 0;
  clock = manualClock();
  const service = steadyClock(clock);
  const issue = () => ({
    accessKeyId: `STS.${++issued}`,
    accessKeySecret: 'secret',
    securityToken: 'session',
    expiresAt: service.now() + HOUR_MS,
  });
  sts = await startStsServer(TOKEN, issue, service.now);
  const tokenFile = join(await tempDir(), 'token');
  await writeFile(tokenFile, `${TOKEN}\n`);
  env = {
    ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1234567890123456:role/faces',
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1234567890123456:oidc-provider/cluster',
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: tokenFile,
    ALIBABA_CLOUD_STS_ENDPOINT: sts.url,
  };
  credentials = createRoleCredentials(readRoleSettings(env)!, { clock });
});

afterEach(() => sts.close());

describe('createRoleCredentials', () => {
  test('role credentials are requested with the token of the service account', async () => {
    const held = await credentials();

    expect(held).toEqual({
      accessKeyId: 'STS.1',
      accessKeySecret: 'secret',
      securityToken: 'session',
      expiresAt: clock.now() + HOUR_MS,
    });
    expect(sts.forms).toEqual([
      {
        RoleArn: env.ALIBABA_CLOUD_ROLE_ARN,
        OIDCProviderArn: env.ALIBABA_CLOUD_OIDC_PROVIDER_ARN,
        OIDCToken: TOKEN,
        RoleSessionName: 'mnsoss-face',
        DurationSeconds: '3600',
      },
    ]);
  });

  test('role credentials are requested once for all callers, and again three minutes before they expire', async () => {
    const first = await Promise.all([credentials(), credentials(), credentials()]);
    await clock.advance(HOUR_MS - 181_000);
    const second = await credentials();
    await clock.advance(2_000);
    const third = await credentials();

    expect(first.map(({ accessKeyId }) => accessKeyId)).toEqual(['STS.1', 'STS.1', 'STS.1']);
    expect(second.accessKeyId).toBe('STS.1');
    expect(third.accessKeyId).toBe('STS.2');
  });

  test.each([-HOUR_MS, HOUR_MS])(
    'role credentials are kept for their whole life when the time of day is wrong by %i ms',
    async (jump) => {
      clock.jump(jump);
      await credentials();
      await clock.advance(HOUR_MS - 181_000);

      const young = await credentials();
      await clock.advance(2_000);
      const old = await credentials();

      expect([young.accessKeyId, old.accessKeyId]).toEqual(['STS.1', 'STS.2']);
    },
  );

  test('role credentials of a process that was frozen for an hour are requested again', async () => {
    await credentials();

    clock.jump(HOUR_MS);

    expect((await credentials()).accessKeyId).toBe('STS.2');
  });

  test('role credentials are requested again when a service has rejected them', async () => {
    await credentials();

    expect((await credentials({ refresh: true })).accessKeyId).toBe('STS.2');
  });

  test('role credentials are used until they expire while STS does not answer', async () => {
    await credentials();
    sts.refuse({ status: 503, code: 'ServiceUnavailable' });
    await clock.advance(HOUR_MS - 60_000);

    expect((await credentials()).accessKeyId).toBe('STS.1');
    await clock.advance(60_000);
    await expect(credentials()).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    sts.refuse();
    expect((await credentials()).accessKeyId).toBe('STS.2');
  });
});

test.each([
  [400, 'AuthenticationFail.OIDCToken.Invalid', 'AccessDenied'],
  [403, 'AuthenticationFail.NoPermission', 'AccessDenied'],
  [400, 'AuthenticationFail.OIDCToken.Expired', 'SecurityTokenExpired'],
  [400, 'Throttling.User', 'Throttled'],
  [500, 'InternalError', 'ServiceUnavailable'],
])('an answer %i %s of STS is %s and never quotes the token', async (status, code, expected) => {
  sts.refuse({ status, code });

  const error = await credentials().catch((thrown: Error) => thrown);

  expect(error).toMatchObject({ code: expected, message: expect.stringContaining(code) });
  expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain(TOKEN);
});

test('a missing token of a service account is reported with its file', async () => {
  await rm(env.ALIBABA_CLOUD_OIDC_TOKEN_FILE!);

  await expect(credentials()).rejects.toMatchObject({
    code: 'CredentialsMissing',
    message: expect.stringContaining(env.ALIBABA_CLOUD_OIDC_TOKEN_FILE!),
  });
});

describe('readRoleSettings', () => {
  const hostOf = (changes: NodeJS.ProcessEnv) =>
    readRoleSettings({ ...env, ALIBABA_CLOUD_STS_ENDPOINT: '', ...changes })!.endpoint.href;

  test.each([
    [{}, 'https://sts.aliyuncs.com/'],
    [{ REGION: 'cn-beijing' }, 'https://sts.cn-beijing.aliyuncs.com/'],
    [
      { REGION: 'cn-beijing', ALIBABA_CLOUD_STS_REGION: 'cn-shanghai' },
      'https://sts.cn-shanghai.aliyuncs.com/',
    ],
    [
      { ALIBABA_CLOUD_STS_REGION: 'cn-shanghai', ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED: 'true' },
      'https://sts-vpc.cn-shanghai.aliyuncs.com/',
    ],
    [{ ALIBABA_CLOUD_STS_ENDPOINT: 'sts.example.com' }, 'https://sts.example.com/'],
  ])('the endpoint of STS of %j is %s', (changes, expected) => {
    expect(hostOf(changes)).toBe(expected);
  });

  test('an invalid endpoint of STS is a ConfigInvalid', () => {
    expect(() => hostOf({ ALIBABA_CLOUD_STS_ENDPOINT: 'a b' })).toThrow(
      expect.objectContaining({ code: 'ConfigInvalid' }),
    );
  });
});

describe('platformCredentials', () => {
  test('a container with a key uses it even if it has a role', async () => {
    const provider = platformCredentials(
      { ...env, ALIBABA_CLOUD_ACCESS_KEY_ID: 'key', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's' },
      clock,
    );

    expect((await provider()).accessKeyId).toBe('key');
  });

  test('a container without a key uses its role', async () => {
    expect((await platformCredentials(env, clock)()).accessKeyId).toBe('STS.1');
  });

  test('a container without key and role says what to set', async () => {
    await expect(platformCredentials({}, clock)()).rejects.toMatchObject({ code: 'CredentialsMissing' });
  });
});
