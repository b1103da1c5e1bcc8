import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import * as models from '@alicloud/fc20230330';
import { zipSync } from 'fflate';
import { onTestFinished } from 'vitest';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../../local/cloud.ts';
import type { Credentials } from '../../../shared/runtime/credentials.ts';

// The package is CommonJS, and its class the export `default` of it.
const { default: Fc3 } = createRequire(import.meta.url)('@alicloud/fc20230330') as (typeof models)['default'];
export type FcClient = InstanceType<typeof Fc3>;
export { models };

/** A cloud in region cn-shanghai; it goes with the test. */
export async function openCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const cloud = await startLocalCloud({ region: 'cn-shanghai', ...options });
  onTestFinished(cloud.close);
  return cloud;
}

/** The official SDK of 3.0, as the first account. */
export function fcClientOf(cloud: LocalCloud, credentials: Credentials = cloud.credentials): FcClient {
  return new Fc3({
    ...credentials,
    endpoint: new URL(cloud.fc.url).host,
    protocol: 'HTTP',
    regionId: cloud.region,
    readTimeout: 60_000,
    // biome-ignore lint/suspicious/noExplicitAny: the class comes from a copy of the package that the SDK has for itself.
  } as any);
}

/** A zip in Base64, of files by their names. */
export function zipOf(files: Readonly<Record<string, string>>): string {
  const bytes = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)]),
  );
  return Buffer.from(zipSync(bytes, { mtime: '2024-01-01' })).toString('base64');
}

/** What a function returns that is called with `text`: its version of the code and the text. */
export const versionCode = (version: string) =>
  `exports.handler = async (event) => '${version}:' + event.toString();`;

/** Creates a function of one file of JavaScript. */
export async function deploy(
  client: FcClient,
  code: string,
  settings: Partial<models.CreateFunctionInput> = {},
): Promise<models.Function> {
  const body = new models.CreateFunctionInput({
    functionName: 'probe',
    runtime: 'nodejs20',
    handler: 'index.handler',
    cpu: 0.5,
    memorySize: 512,
    diskSize: 512,
    timeout: 20,
    code: new models.InputCodeLocation({ zipFile: zipOf({ 'index.js': code }) }),
    ...settings,
  });
  const { body: created } = await client.createFunction(new models.CreateFunctionRequest({ body }));
  return created!;
}

/** Calls a function and returns the text of its answer. */
export async function invoke(
  client: FcClient,
  event: string,
  options: { name?: string; qualifier?: string; async?: boolean; taskId?: string } = {},
): Promise<{ text: string; headers: Record<string, string>; status: number }> {
  const { name = 'probe', qualifier, async: isAsync = false, taskId } = options;
  const request = new models.InvokeFunctionRequest({ body: Readable.from([Buffer.from(event)]), qualifier });
  const headers = new models.InvokeFunctionHeaders({
    xFcInvocationType: isAsync ? 'Async' : 'Sync',
    xFcAsyncTaskId: taskId,
  });
  const answer = await client.invokeFunctionWithOptions(name, request, headers, {} as never);
  const chunks: Buffer[] = [];
  if (answer.body) for await (const chunk of answer.body) chunks.push(chunk as Buffer);
  return {
    text: Buffer.concat(chunks).toString(),
    headers: (answer.headers ?? {}) as Record<string, string>,
    status: answer.statusCode ?? 0,
  };
}

/** Resolves when the check passes; throws its last failure after the time. */
export async function eventually<T>(check: () => Promise<T> | T, ms = 20_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
