import { createRequire } from 'node:module';
import { type HttpServer, listen } from '../../../local/http/server.ts';
import { createMns, type LocalMns, type MnsOptions } from '../../../local/mns/index.ts';
import { signMnsV2, stringToSignMnsV2 } from '../../../shared/mns/signature.ts';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';
import { createHttpClient, readBody } from '../../../shared/runtime/http.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { childText, parseXml, type XmlElement } from '../../../shared/runtime/xml.ts';

export const ACCOUNT = {
  accountId: '1234567890123456',
  accessKeyId: 'testKeyId',
  accessKeySecret: 'testKeySecret',
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly xml: XmlElement | undefined;
  /** The text of a child of the root. */
  text(name: string): string;
}

export interface RequestOptions {
  readonly body?: string;
  /** Added after signing; `undefined` takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly secret?: string;
  readonly accessKeyId?: string;
}

export interface TestMns {
  readonly mns: LocalMns;
  readonly url: string;
  readonly clock: ManualClock;
  /** The official SDK. */
  readonly sdk: MnsSdk;
  /** A signed request, for what the SDK does not do. */
  request(method: string, target: string, options?: RequestOptions): Promise<Answer>;
  close(): Promise<void>;
}

/** A server of its own, on a clock that stands still until the test moves it. */
export async function startMns(overrides: Partial<MnsOptions> = {}): Promise<TestMns> {
  // The SDK signs with the real time.
  const clock = manualClock(Date.now());
  let server: HttpServer | undefined;
  const mns = await createMns({
    region: 'cn-hangzhou',
    accounts: [ACCOUNT],
    clock,
    random: seededRandom(1),
    checkSignatures: true,
    logger: silentLogger,
    baseUrl: () => server!.url,
    ...overrides,
  });
  server = await listen(mns.listener, { port: 0 });
  const { url } = server;
  const http = createHttpClient();
  return {
    mns,
    url,
    clock,
    sdk: createSdk(url),
    async request(method, target, { body, headers = {}, signal, ...key } = {}) {
      const { accessKeyId = ACCOUNT.accessKeyId, secret = ACCOUNT.accessKeySecret } = key;
      const signed: Record<string, string> = {
        date: new Date(clock.now()).toUTCString(),
        'x-mns-version': '2015-06-06',
        ...(body !== undefined && { 'content-type': 'text/xml' }),
      };
      for (const [name, value] of Object.entries(headers)) {
        if (value === undefined) delete signed[name];
        else signed[name] = value;
      }
      const signature = signMnsV2(secret, stringToSignMnsV2({ method, headers: signed, target }));
      const response = await http.send({
        method,
        url: new URL(`${url}${target}`),
        headers: {
          authorization: `MNS ${accessKeyId}:${signature}`,
          ...signed,
          ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        },
        ...(body !== undefined && { body: Buffer.from(body) }),
        timeoutMs: 10_000,
        signal,
      });
      const text = (await readBody(response)).toString('utf8');
      const xml = text === '' ? undefined : parseXml(text);
      return {
        status: response.status,
        headers: response.headers,
        xml,
        text: (name) => (xml && childText(xml, name)) ?? '',
      };
    },
    async close() {
      http.close();
      await mns.close();
      await server.close();
    },
  };
}

/** Resolves when the condition holds, as when a request that was sent has reached the server. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

export interface SdkAnswer<T> {
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: T;
}

export type SdkFields = Readonly<Record<string, string>>;

/** What the official Node SDK offers; it has no types of its own. */
export interface MnsSdk {
  createQueue(name: string, settings?: object): Promise<SdkAnswer<undefined>>;
  deleteQueue(name: string): Promise<SdkAnswer<undefined>>;
  listQueue(start?: string, limit?: number, prefix?: string): Promise<SdkAnswer<SdkFields[]>>;
  getQueueAttributes(name: string): Promise<SdkAnswer<SdkFields>>;
  setQueueAttributes(name: string, settings: object): Promise<SdkAnswer<undefined>>;
  sendMessage(queue: string, message: object): Promise<SdkAnswer<SdkFields>>;
  batchSendMessage(queue: string, messages: object[]): Promise<SdkAnswer<SdkFields[]>>;
  receiveMessage(queue: string, waitSeconds?: number): Promise<SdkAnswer<SdkFields>>;
  batchReceiveMessage(queue: string, max: number, waitSeconds?: number): Promise<SdkAnswer<SdkFields[]>>;
  peekMessage(queue: string): Promise<SdkAnswer<SdkFields>>;
  batchPeekMessage(queue: string, max: number): Promise<SdkAnswer<SdkFields[]>>;
  deleteMessage(queue: string, receiptHandle: string): Promise<SdkAnswer<undefined>>;
  batchDeleteMessage(queue: string, receiptHandles: string[]): Promise<SdkAnswer<SdkFields[] | undefined>>;
  changeMessageVisibility(
    queue: string,
    receiptHandle: string,
    seconds: number,
  ): Promise<SdkAnswer<SdkFields>>;
  createTopic(name: string, settings?: object): Promise<SdkAnswer<undefined>>;
  listTopic(start?: string, limit?: number, prefix?: string): Promise<SdkAnswer<SdkFields[]>>;
  getTopicAttributes(name: string): Promise<SdkAnswer<SdkFields>>;
  setTopicAttributes(name: string, settings: object): Promise<SdkAnswer<undefined>>;
  publishMessage(topic: string, message: object): Promise<SdkAnswer<SdkFields>>;
}

const require = createRequire(import.meta.url);
const Sdk = require('@alicloud/mns') as new (accountId: string, options: object) => MnsSdk;

export function createSdk(endpoint: string): MnsSdk {
  return new Sdk(ACCOUNT.accountId, { ...ACCOUNT, endpoint });
}
