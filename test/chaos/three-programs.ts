import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readConnection } from '../../local/start/connection.ts';
import type { MnsClient } from '../../shared/mns/client.ts';
import type { OssClient } from '../../shared/oss/client.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { succeed } from '../cli/running-cloud.ts';
import { type ChildProgram, startEntry } from '../support/child-program.ts';
import { mnsClientOf, ossClientOf } from '../support/cloud-clients.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

/** The local cloud, the poller and the receiver, each a process of its own that can die at any time. */
export interface ThreePrograms {
  readonly oss: OssClient;
  readonly mns: MnsClient;
  readonly connection: NonNullable<Awaited<ReturnType<typeof readConnection>>>;
  /** Ends one of them, most often without a warning, and starts it again. */
  killOne(random: Random): Promise<void>;
  /** Moves the time of day of one of them by an hour. Needs `jumping`. */
  jumpOne(random: Random): void;
  /** How often each has died. */
  readonly kills: Readonly<Record<string, number>>;
}

export const BUCKET = 'photos';
export const QUEUE = 'uploads';
export const DEAD_QUEUE = 'dead-letters';

const EVENTS = ['PutObject', 'PostObject'].map((name) => `ObjectCreated:${name}`);
const JUMPING = { NODE_OPTIONS: `--import ${new URL('./jumping-clock.js', import.meta.url).href}` };

export async function startThreePrograms({ jumping = false } = {}): Promise<ThreePrograms> {
  const dataDir = join(await tempDir(), 'data');
  const extra = jumping ? JUMPING : {};
  const ports = { oss: '0', mns: '0', facebody: '0' };
  const receiverPort = await freePort();

  /** Once a signal can make its clock jump. */
  const ready = async (program: ChildProgram): Promise<ChildProgram> => {
    if (jumping) await program.said(/the clock can jump/);
    return program;
  };
  const starts: Record<string, () => Promise<ChildProgram>> = {
    async cloud() {
      const { oss, mns, facebody } = ports;
      const program = runProgram(
        ['cloud', '--data-dir', dataDir, '--oss-port', oss, '--mns-port', mns, '--facebody-port', facebody],
        extra,
      );
      onTestFinished(() => void program.process.kill('SIGKILL'));
      await program.said(/^region/m);
      return program;
    },
    async poller() {
      return ready(
        startEntry('functions/mns-poller/server.ts', {
          ...extra,
          ...common(),
          MNS_ENDPOINT: connection.mnsUrl,
          MNS_QUEUE: QUEUE,
          DEAD_LETTERS: `mns:${DEAD_QUEUE}`,
          K_SINK: `http://127.0.0.1:${receiverPort}`,
          VISIBILITY_SECONDS: '20',
          RETRY_DELAY_SECONDS: '1',
          MAX_DEQUEUE_COUNT: '50',
          PORT: '0',
        }),
      );
    },
    async receiver() {
      return ready(
        startEntry('functions/face-recognition/server.ts', {
          ...extra,
          ...common(),
          OSS_ENDPOINT: connection.ossUrl,
          SOURCE_BUCKETS: BUCKET,
          ENGINE_WORKERS: '1',
          SHUTDOWN_SECONDS: '3',
          PORT: String(receiverPort),
        }),
      );
    },
  };
  const common = () => ({
    REGION: connection.region,
    FC_ACCOUNT_ID: connection.account.accountId,
    ALIBABA_CLOUD_ACCESS_KEY_ID: connection.account.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: connection.account.accessKeySecret,
    LOG_LEVEL: 'warn',
  });

  const cloud = await starts.cloud!();
  const connection = (await readConnection(dataDir))!;
  ports.oss = new URL(connection.ossUrl).port;
  ports.mns = new URL(connection.mnsUrl).port;
  ports.facebody = new URL(connection.facebodyUrl!).port;
  const oss = ossClientOf(connection);
  const mns = mnsClientOf(connection);
  await oss.createBucket(BUCKET);
  await mns.createQueue(DEAD_QUEUE);
  const rule = [
    'uploads',
    '--bucket',
    BUCKET,
    '--prefix',
    'incoming/',
    '--queue',
    QUEUE,
    '--event',
    ...EVENTS,
  ];
  await succeed('rules', 'create', ...rule, '--data-dir', dataDir);
  const programs: Record<string, ChildProgram> = {
    cloud,
    poller: await starts.poller!(),
    receiver: await starts.receiver!(),
  };
  const names = Object.keys(programs);
  const kills: Record<string, number> = { cloud: 0, poller: 0, receiver: 0 };

  return {
    oss,
    mns,
    connection,
    kills,
    async killOne(random) {
      const name = names[Math.floor(random() * names.length)]!;
      const program = programs[name]!;
      program.process.kill(random() < 0.15 ? 'SIGTERM' : 'SIGKILL');
      await program.ended();
      kills[name]! += 1;
      programs[name] = await starts[name]!();
    },
    jumpOne(random) {
      programs[names[Math.floor(random() * names.length)]!]!.process.kill('SIGUSR2');
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
