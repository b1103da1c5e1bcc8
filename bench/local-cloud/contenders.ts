import { fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_ACCOUNT } from '../../local/cloud.ts';
import { authorizationV1 } from '../../test/support/oss-signature-v1.ts';
import { messageOf } from '../child.ts';

export type Headers = Readonly<Record<string, string>>;

/** A measured server in its own process, with an empty folder. */
export interface Running {
  /** URL for objects, path style. */
  readonly url: string;
  /** URL for messages; only our servers have one. */
  readonly mnsUrl?: string;
  /** Headers of a request for an object, including its signature. */
  sign(method: string, bucket: string, key: string): Headers;
  /** Resident memory after garbage collection, in megabytes. */
  memory(): Promise<number>;
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  start(): Promise<Running>;
}

const ours = (name: string, durable: boolean): Contender => ({
  name,
  start: () => run('server.ts', [String(durable)], signOss),
});

/** Acknowledged data survives a power failure. */
export const durable = ours('ours', true);

/** Does not wait for the disk, like s3rver. */
export const inMemory = ours('ours, --in-memory', false);

export const s3rver: Contender = {
  name: 's3rver 3.7.1',
  start: () => run('server-s3rver.js', [], signS3),
};

/** A bare `node:http` server that reads every request and answers with a few bytes: the limit for any server. */
export const floor: Contender = {
  name: 'bare node:http',
  start: () => run('server-floor.ts', [], () => ({})),
};

async function run(file: string, args: readonly string[], sign: Running['sign']): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-'));
  const child = fork(new URL(`./${file}`, import.meta.url), [folder, ...args], {
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  const urls = (await messageOf(child)) as { url: string; mnsUrl?: string };
  return {
    ...urls,
    sign,
    async memory() {
      child.send('memory');
      return (await messageOf(child)) as number;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function signOss(method: string, bucket: string, key: string): Headers {
  const headers = { date: new Date().toUTCString(), 'content-type': 'application/octet-stream' };
  const resource = `/${bucket}/${key}`;
  return {
    ...headers,
    authorization: authorizationV1(DEFAULT_ACCOUNT, { method, resource, query: [], headers }),
  };
}

/** Signature version 2 of S3, which costs as much as V1 of OSS. */
function signS3(method: string, bucket: string, key: string): Headers {
  const headers = { 'x-amz-date': new Date().toUTCString(), 'content-type': 'application/octet-stream' };
  const text = [
    method,
    '',
    headers['content-type'],
    '',
    `x-amz-date:${headers['x-amz-date']}`,
    key ? `/${bucket}/${key}` : `/${bucket}`,
  ].join('\n');
  const signature = createHmac('sha1', 'S3RVER').update(text).digest('base64');
  return { ...headers, authorization: `AWS S3RVER:${signature}` };
}
