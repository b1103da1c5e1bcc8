import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Running } from './contenders.ts';
import { createSender, type Load, load } from './load.ts';
import { textOf } from './messages.ts';

/** ElasticMQ keeps its messages in memory. It needs Java and, the first time, Maven. */
export const elasticMq: Contender = { name: 'ElasticMQ 1.6.11', start };

const POM = new URL('./elasticmq/pom.xml', import.meta.url).pathname;
const JARS = new URL('./node_modules/.elasticmq', import.meta.url).pathname;
const CLIENTS = 8;
const START_MS = 60_000;

/** Fetches ElasticMQ unless it is there. Returns why it cannot be measured, if so. */
export function prepareElasticMq(): string | undefined {
  const missing = ['java', 'mvn'].filter((program) => spawnSync(program, ['-version']).status !== 0);
  if (missing.includes('java')) return 'java is not installed';
  if (existsSync(JARS)) return undefined;
  if (missing.length > 0) return 'mvn is not installed';
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${JARS}`];
  const { status, stdout } = spawnSync('mvn', ['-q', '-B', '-f', POM, ...goal], { encoding: 'utf8' });
  return status === 0 ? undefined : `Maven cannot fetch it: ${stdout.split('\n', 1)[0]}`;
}

async function start(): Promise<Running> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = [
    `-Drest-sqs.bind-port=${port}`,
    '-Drest-sqs.bind-hostname=127.0.0.1',
    '-Drest-stats.enabled=false',
    `-Dnode-address.port=${port}`,
  ];
  const child = spawn('java', [...settings, '-cp', join(JARS, '*'), 'org.elasticmq.server.Main'], {
    stdio: 'ignore',
  });
  await answers(child, url);
  return {
    url,
    sign: () => ({}),
    memory: () => residentMemory(child),
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end && child.exitCode === null) {
    const answered = await fetch(`${url}/?Action=ListQueues`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return;
    await sleep(200);
  }
  throw new Error('ElasticMQ does not start');
}

/** Megabytes. */
async function residentMemory({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Like `measureMessages`, by the query protocol of SQS, which needs no signature here. */
export async function measureElasticMq(url: string, count: number): Promise<Load> {
  const { send, close } = createSender(url, CLIENTS);
  const call = async (action: string, parameters: Readonly<Record<string, string>>) => {
    const body = Buffer.from(new URLSearchParams({ Action: action, ...parameters }).toString());
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return (await send('POST', '/', headers, body)).toString();
  };
  await call('CreateQueue', { QueueName: 'bench' });
  const QueueUrl = `${url}/000000000000/bench`;
  const seen = new Set<string>();
  const done = await load(count, CLIENTS, async (index) => {
    await call('SendMessage', { QueueUrl, MessageBody: `message ${index}` });
    const message = await call('ReceiveMessage', { QueueUrl, WaitTimeSeconds: '10' });
    const body = textOf('Body', message);
    const ReceiptHandle = textOf('ReceiptHandle', message);
    if (body === '' || seen.has(body)) throw new Error(`received "${body}" after ${seen.size}`);
    seen.add(body);
    await call('DeleteMessage', { QueueUrl, ReceiptHandle });
  });
  if (seen.size !== count) throw new Error(`${seen.size} of ${count} were received`);
  await call('DeleteQueue', { QueueUrl });
  close();
  return done;
}
