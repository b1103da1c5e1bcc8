import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { redirectEnvironment } from '../../../local/gateway/redirect.ts';
import { openCloud } from '../fc/deployed.ts';

const run = promisify(execFile);

/** Runs a program of Node with variables, and returns what it prints. */
async function program(code: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await run(process.execPath, ['-e', code], { env: { PATH: process.env.PATH, ...env } });
  return stdout.trim();
}

const GET = (url: string) => `
  const { get } = require(${JSON.stringify(url.startsWith('https') ? 'node:https' : 'node:http')});
  get(${JSON.stringify(url)}, (answer) => {
    let body = '';
    answer.on('data', (part) => { body += part; }).on('end', () => console.log(answer.statusCode + ' ' + body.slice(0, 400)));
  }).on('error', (error) => console.log(error.code));`;

test.each([
  ['https://oss-cn-shanghai.aliyuncs.com/', '<Code>'],
  ['http://photos.oss-cn-shanghai-internal.aliyuncs.com/a', '<Code>'],
  ['https://1234567890123456.mns.cn-shanghai.aliyuncs.com/queues', '<Code>'],
  ['https://ram.aliyuncs.com/?Action=ListRoles&Version=2015-05-01', 'Code'],
  ['https://sts.cn-shanghai.aliyuncs.com/?Action=GetCallerIdentity&Version=2015-04-01', 'Code'],
  ['https://cn-shanghai.log.aliyuncs.com/', 'errorCode'],
  ['https://fcv3.cn-shanghai.aliyuncs.com/2023-03-30/functions', 'Code'],
])('a process with the redirect gets an answer of the local cloud from %s', async (url, part) => {
  const cloud = await openCloud({ tlsPort: 0 });

  const answer = await program(GET(url), redirectEnvironment({ url: cloud.fc.url, tls: cloud.tls }));

  expect(answer).toMatch(/^4\d\d /);
  expect(answer).toContain(part);
});

test('a host name of Alibaba Cloud that no service here has is refused with its name', async () => {
  const cloud = await openCloud({ tlsPort: 0 });

  const answer = await program(
    GET('https://ecs.aliyuncs.com/'),
    redirectEnvironment({ url: cloud.fc.url, tls: cloud.tls }),
  );

  expect(answer).toContain('501');
  expect(answer).toContain('ecs.aliyuncs.com');
});

test('without the certificate of its authority a client does not trust the local cloud', async () => {
  const cloud = await openCloud({ tlsPort: 0 });
  const { NODE_EXTRA_CA_CERTS: _, ...others } = redirectEnvironment({ url: cloud.fc.url, tls: cloud.tls });

  const answer = await program(GET('https://oss-cn-shanghai.aliyuncs.com/'), others);

  expect(answer).toMatch(/SELF_SIGNED|UNABLE_TO/);
});

test('the gateway is a proxy: a tunnel to a host of Alibaba Cloud ends in the local cloud', async () => {
  const cloud = await openCloud({ tlsPort: 0 });
  const { port } = new URL(cloud.fc.url);
  const code = `
    const http = require('node:http');
    const https = require('node:https');
    http.request({ port: ${port}, method: 'CONNECT', path: 'ram.aliyuncs.com:443' })
      .on('connect', (answer, socket) => {
        https.get({ host: 'ram.aliyuncs.com', socket, agent: false, path: '/?Action=ListRoles&Version=2015-05-01' }, (reply) => {
          console.log(answer.statusCode, reply.statusCode, reply.socket.authorized);
          process.exit();
        });
      })
      .end();`;

  const answer = await program(code, { NODE_EXTRA_CA_CERTS: cloud.tls!.authorityFile });

  expect(answer).toMatch(/^200 4\d\d true$/);
});

test('a tunnel to any other host ends there', async () => {
  const [cloud, other] = [await openCloud(), await openCloud()];
  const { port } = new URL(cloud.fc.url);
  const { host } = new URL(other.oss.url);
  const code = `
    const http = require('node:http');
    http.request({ port: ${port}, method: 'CONNECT', path: '${host}' })
      .on('connect', (answer, socket) => {
        socket.write('GET / HTTP/1.1\\r\\nhost: ${host}\\r\\nconnection: close\\r\\n\\r\\n');
        socket.once('data', (part) => { console.log(String(part).split('\\r\\n')[0]); process.exit(); });
      })
      .end();`;

  expect(await program(code, {})).toMatch(/^HTTP\/1\.1 403/);
});
