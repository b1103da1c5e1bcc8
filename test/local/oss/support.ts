import * as fs from 'node:fs/promises';
import * as http from 'node:http';
import * as path from 'node:path';
import AliOss from 'ali-oss';
import type { ObjectChange } from '../../../local/events/object-change.ts';
import { listen } from '../../../local/http/server.ts';
import { createOss, type OssOptions } from '../../../local/oss/index.ts';
import { presignV4, type QueryPair } from '../../../shared/oss/signature-v4.ts';
import { compactDate, encodeRfc3986 } from '../../../shared/runtime/aliyun-v4.ts';
import { type Clock, systemClock } from '../../../shared/runtime/clock.ts';
import type { Credentials } from '../../../shared/runtime/credentials.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';

export const ACCOUNT = {
  accountId: '1234567890123456',
  accessKeyId: 'test-key',
  accessKeySecret: 'test-secret',
};
export const STRANGER = {
  accountId: '6543210987654321',
  accessKeyId: 'other-key',
  accessKeySecret: 'other-secret',
};

export interface TestOss {
  readonly url: string;
  readonly port: number;
  /** Everything the server told the event rules. */
  readonly changes: ObjectChange[];
  client(options?: ClientOptions): AliOss;
  /** Raw HTTP to the server, unsigned. */
  send(request: RawRequest): Promise<RawResponse>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly bucket?: string;
  readonly v4?: boolean;
  readonly account?: { accessKeyId: string; accessKeySecret: string };
  readonly [option: string]: unknown;
}

export interface RawRequest {
  readonly method?: string;
  /** As on the wire. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export async function startOss(options: Partial<OssOptions> & { clock?: Clock } = {}): Promise<TestOss> {
  const changes: ObjectChange[] = [];
  const oss = await createOss({
    region: 'cn-hangzhou',
    accounts: [ACCOUNT, STRANGER],
    clock: systemClock,
    random: seededRandom(1),
    checkSignatures: true,
    events: {
      async emit(change) {
        changes.push(change);
        return 'unmatched';
      },
    },
    logger: silentLogger,
    ...options,
  });
  const server = await listen(oss.listener, { port: 0, insecureHTTPParser: true, requestTimeout: 0 });
  const port = Number(new URL(server.url).port);
  return {
    url: server.url,
    port,
    changes,
    client: ({ v4 = true, account = ACCOUNT, ...rest } = {}) =>
      new AliOss({
        accessKeyId: account.accessKeyId,
        accessKeySecret: account.accessKeySecret,
        endpoint: `http://localhost:${port}`,
        sldEnable: true,
        region: 'oss-cn-hangzhou',
        authorizationV4: v4,
        ...rest,
      } as AliOss.Options),
    send: (request) => sendRaw(port, request),
    reset: oss.reset,
    async close() {
      await server.close();
      await oss.close();
    },
  };
}

export function sendRaw(
  port: number,
  { method = 'GET', path, headers = {}, body }: RawRequest,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.end(body);
  });
}

/** The target of a pre-signed request, for what ali-oss cannot send: it normalizes paths and signs what it sends. */
export function presignedPath({
  method = 'GET',
  bucket,
  key,
  query = [],
  headers = {},
  account = ACCOUNT,
  time = Date.now(),
}: {
  method?: string;
  bucket: string;
  key?: string;
  query?: QueryPair[];
  headers?: Readonly<Record<string, string>>;
  account?: Credentials;
  /** Milliseconds since the epoch. */
  time?: number;
}): string {
  const context = { date: compactDate(time), region: 'cn-hangzhou' };
  const address = key === undefined ? { bucket } : { bucket, key };
  const signed = presignV4(account, context, { method, ...address, query, headers, expiresSeconds: 600 });
  const path = encodeRfc3986(`/${bucket}/${key ?? ''}`, { keepSlash: true });
  return `${path}?${signed.map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`).join('&')}`;
}

/** What an ali-oss call failed with. */
export interface AliError extends Error {
  readonly code: string;
  readonly status: number;
  readonly ecCode?: string;
}

/** Resolves with what a call throws; fails the test when it does not throw. */
export async function failureOf(call: Promise<unknown>): Promise<AliError> {
  try {
    await call;
  } catch (error) {
    return error as AliError;
  }
  throw new Error('expected the call to fail');
}

/** The headers of a result, whose types ali-oss leaves open. */
export function headersOf(result: { res: unknown }): Record<string, string> {
  return (result.res as { headers: Record<string, string> }).headers;
}

/** Methods ali-oss has and its types lack. */
export function untyped(client: AliOss): Record<
  string,
  (...parameters: unknown[]) => Promise<Record<string, unknown>>
> & {
  signatureUrl(name: string, options?: unknown): string;
} {
  return client as never;
}

let buckets = 0;

/** A new bucket, and a client set to it. */
export async function openBucket(
  oss: TestOss,
  options: ClientOptions = {},
): Promise<{ client: AliOss; bucket: string }> {
  const bucket = `bucket-${++buckets}`;
  const client = oss.client(options);
  await client.putBucket(bucket);
  client.useBucket(bucket);
  return { client, bucket };
}

/** The files with the bytes of larger objects in a data folder. */
export async function blobFilesIn(dataDir: string): Promise<string[]> {
  const folder = path.join(dataDir, 'oss', 'blobs');
  // It is made with the first file.
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name !== 'open')
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}
