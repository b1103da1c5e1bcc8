import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { createOpenApi } from '../../../cli/open-api.ts';
import type { LocalCloud } from '../../../local/cloud.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { ossClientOf } from '../../support/cloud-clients.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { deploy, eventually, fcClientOf, invoke, models, openCloud, versionCode, zipOf } from './deployed.ts';

const ACCOUNT = '1234567890123456';

const updateCode = (text: string) =>
  new models.UpdateFunctionRequest({
    body: new models.UpdateFunctionInput({
      code: new models.InputCodeLocation({ zipFile: zipOf({ 'index.js': text }) }),
    }),
  });

/** A role of functions with one statement. */
async function createRole(cloud: LocalCloud, statement: { Action: string[]; Resource: string[] }) {
  const api = createOpenApi({ credentials: staticCredentials(cloud.credentials) });
  const call = (action: string, query: Record<string, string>) =>
    api.call({ endpoint: cloud.fc.url, action, version: '2015-05-01', query });
  const trust = {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['fc.aliyuncs.com'] } }],
  };
  const document = { Version: '1', Statement: [{ Effect: 'Allow', ...statement }] };
  await call('CreateRole', { RoleName: 'probe', AssumeRolePolicyDocument: JSON.stringify(trust) });
  await call('CreatePolicy', { PolicyName: 'probe', PolicyDocument: JSON.stringify(document) });
  await call('AttachPolicyToRole', { RoleName: 'probe', PolicyName: 'probe', PolicyType: 'Custom' });
  api.close();
  return `acs:ram::${ACCOUNT}:role/probe`;
}

const code = (error: Promise<unknown>) =>
  error.then(
    () => 'no error',
    (thrown: { code?: string }) => thrown.code,
  );

/** Waits until the file of the event exists, so that a test decides when calls end. */
const WAITS = `const { existsSync } = require('node:fs');
exports.handler = async (event) => {
  const file = event.toString();
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
  return String(process.pid);
};`;

describe('roles', () => {
  const READS = `const http = require('node:http');
const { createHmac } = require('node:crypto');
exports.handler = (event, { credentials }) => new Promise((resolve, reject) => {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const key = event.toString();
  const date = new Date().toUTCString();
  const text = ['GET', '', '', date, 'x-oss-security-token:' + securityToken, '/photos/' + key].join('\\n');
  const signature = createHmac('sha1', accessKeySecret).update(text).digest('base64');
  const headers = { date, 'x-oss-security-token': securityToken, authorization: 'OSS ' + accessKeyId + ':' + signature };
  // The host name of the service, as any function has it.
  http.get('http://photos.oss-cn-shanghai-internal.aliyuncs.com/' + key, { headers }, (answer) => {
    let body = '';
    answer.on('data', (part) => { body += part; }).on('end', () => resolve(answer.statusCode + ' ' + body.slice(0, 5)));
  }).on('error', reject);
});`;

  test('the keys of a function open what the policy of its role allows, by the host names of the services', async () => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    const oss = ossClientOf(cloud);
    await oss.createBucket('photos');
    for (const key of ['mine/a', 'others/a']) await oss.bucket('photos').put(key, Buffer.from('hello'));
    const role = await createRole(cloud, {
      Action: ['oss:GetObject'],
      Resource: ['acs:oss:*:*:photos/mine/*'],
    });

    await deploy(client, READS, { role });
    const own = await invoke(client, 'mine/a');
    const others = await invoke(client, 'others/a');

    expect(own.text).toBe('200 hello');
    expect(others.text).toMatch(/^403 /);
  });

  test('a function whose role does not exist is not invoked', async () => {
    const client = fcClientOf(await openCloud());

    await deploy(client, versionCode('one'), { role: `acs:ram::${ACCOUNT}:role/nobody` });

    expect(await code(invoke(client, ''))).toBe('AccessDenied');
  });
});

describe('instances', () => {
  test('calls beyond the reserved concurrency are refused with 429, and one instance more is never started', async () => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    const file = `${await tempDir()}/go`;
    await deploy(client, WAITS);
    await client.putConcurrencyConfig(
      'probe',
      new models.PutConcurrencyConfigRequest({
        body: new models.PutConcurrencyInput({ reservedConcurrency: 2 }),
      }),
    );
    const functions = await cloud.fc.functions();

    const both = [invoke(client, file), invoke(client, file)];
    await eventually(() => expect(functions.instances('probe')).toBe(2));
    const third = await functions.invoke('probe', Buffer.from(file)).catch((error: Error) => error);
    await writeFile(file, '');
    const pids = (await Promise.all(both)).map(({ text }) => text);

    expect(third).toMatchObject({ code: 'ResourceExhausted', status: 429 });
    expect(new Set(pids).size).toBe(2);
    expect(functions.instances('probe')).toBe(2);
  });

  test('an instance without a call ends after the idle time', async () => {
    const cloud = await openCloud({ functionIdleMs: 60_000 });
    const client = fcClientOf(cloud);
    await deploy(client, 'exports.handler = async () => String(process.pid);');
    const functions = await cloud.fc.functions();
    const { text: pid } = await invoke(client, '');

    await cloud.clock.advance(59_000);
    const before = functions.instances('probe');
    await cloud.clock.advance(2000);

    expect([before, functions.instances('probe')]).toEqual([1, 0]);
    await eventually(() => expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH'));
  });

  test('an update under load loses no call, and later calls see the new code', async () => {
    const client = fcClientOf(await openCloud());
    const slow = (version: string) => `exports.handler = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return '${version}';
    };`;
    await deploy(client, slow('one'));
    let updated = false;
    const texts: string[] = [];
    const caller = async () => {
      for (let call = 0; call < 20; call++) {
        const sawUpdate = updated;
        const { text, headers } = await invoke(client, '');
        expect(headers['x-fc-error-type']).toBeUndefined();
        if (sawUpdate) expect(text).toBe('two');
        texts.push(text);
      }
    };

    const callers = Array.from({ length: 4 }, caller);
    await eventually(() => expect(texts.length).toBeGreaterThan(8));
    await client.updateFunction('probe', updateCode(slow('two')));
    updated = true;
    await Promise.all(callers);

    expect(texts).toHaveLength(80);
    expect([...new Set(texts)].sort()).toEqual(['one', 'two']);
  });

  test('a function that needs more memory than it has fails, and the next call gets a new instance', async () => {
    const client = fcClientOf(await openCloud());
    await deploy(
      client,
      `exports.handler = async (event) => {
        if (event.toString() !== 'much') return 'little';
        const blocks = [];
        for (let block = 0; block < 400; block++) {
          blocks.push(Buffer.alloc(1024 * 1024, 1));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return String(blocks.length);
      };`,
      { cpu: 0.1, memorySize: 128 },
    );

    const much = await invoke(client, 'much');
    const little = await invoke(client, 'little');

    expect(much.headers['x-fc-error-type']).toBe('UnhandledInvocationError');
    expect(JSON.parse(much.text).errorMessage).toContain('Process exited unexpectedly');
    expect(little.text).toBe('little');
  });

  test('a function that takes longer than its timeout is killed', async () => {
    const client = fcClientOf(await openCloud());
    await deploy(client, 'exports.handler = () => new Promise(() => setInterval(() => {}, 1000));', {
      timeout: 1,
    });

    const { text, headers } = await invoke(client, '');

    expect(headers['x-fc-error-type']).toBe('UnhandledInvocationError');
    expect(JSON.parse(text).errorMessage).toContain('timed out after 1 seconds');
  });
});

describe('custom runtime', () => {
  const SERVER = (listen: string) => `const http = require('node:http');
let calls = 0;
http.createServer((request, response) => {
  calls++;
  setTimeout(() => response.end(process.pid + ' ' + request.headers['x-fc-control-path'] + ' ' + calls), 200);
}).listen(${listen});`;

  const openServer = async (listen: string, instanceConcurrency: number) => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(client, '', {
      runtime: 'custom.debian12',
      handler: 'handler',
      instanceConcurrency,
      code: new models.InputCodeLocation({ zipFile: zipOf({ 'server.js': SERVER(listen) }) }),
      customRuntimeConfig: new models.CustomRuntimeConfig({
        command: [process.execPath, '/code/server.js'],
        port: 9000,
      }),
    });
    return { cloud, client };
  };

  test.each(['process.env.FC_SERVER_PORT', '9000', '{ port: 9000 }'])(
    'a program that listens on %s gets its calls',
    async (listen) => {
      const { client } = await openServer(listen, 1);

      const answers = await Promise.all([invoke(client, ''), invoke(client, '')]);

      const parts = answers.map(({ text }) => text.split(' '));
      expect(parts.map(([, path]) => path)).toEqual(['/invoke', '/invoke']);
      // Two calls at once are two instances, which share this machine.
      expect(new Set(parts.map(([pid]) => pid)).size).toBe(2);
    },
  );

  test('an instance takes as many calls at once as its concurrency says', async () => {
    const { cloud, client } = await openServer('9000', 3);

    const answers = await Promise.all([invoke(client, ''), invoke(client, ''), invoke(client, '')]);

    expect(new Set(answers.map(({ text }) => text.split(' ')[0])).size).toBe(1);
    expect((await cloud.fc.functions()).instances('probe')).toBe(1);
  });
});
