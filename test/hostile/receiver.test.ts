import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_IMAGE_BOUNDS } from '../../shared/images/image.ts';
import { notification, openStage, type Stage, upload } from '../functions/face-recognition/support.ts';
import { type ChildProgram, watchProgram } from '../support/child-program.ts';
import { builtFunction } from '../support/functions.ts';
import { sampleBytes } from '../support/photos.ts';
import { KINDS, LEGITIMATE } from './kinds.ts';
import { type Meter, startMeter } from './meter.ts';
import { outcomeOf } from './outcome.ts';

/** Of the container in knative/faces/350-face-recognition.yaml. */
const LIMIT_MB = 1536;
/** Starting a process again, and work that is not the picture's. */
const OVERHEAD_MS = 3000;
const BOUND_MS = DEFAULT_IMAGE_BOUNDS.maxPictureSeconds * 1000 + OVERHEAD_MS;

let stage: Stage;
let folder: string;
let receiver: Receiver;
let pictures = 0;

interface Receiver {
  readonly program: ChildProgram;
  readonly url: string;
  readonly meter: Meter;
}

async function startReceiver(): Promise<Receiver> {
  const { accessKeyId, accessKeySecret } = stage.cloud.credentials;
  const child = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      ENGINE: 'local',
      REGION: stage.cloud.region,
      SOURCE_BUCKETS: 'photos',
      OSS_ENDPOINT: stage.cloud.oss.url,
      FC_FUNCTION_MEMORY_SIZE: String(LIMIT_MB),
      ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
    },
  });
  const program = watchProgram(child);
  const { port } = await program.line('receiver listens');
  await program.line('receiver is ready');
  return { program, url: `http://127.0.0.1:${port}`, meter: startMeter(() => [child.pid!]) };
}

async function stopReceiver({ program, meter }: Receiver): Promise<void> {
  meter.stop();
  program.process.kill('SIGKILL');
  await program.ended();
}

/** Uploads a picture, sends its event, and reads the verdict from its document. */
async function send(bytes: Uint8Array, to = receiver) {
  const key = `incoming/${pictures++}`;
  const record = await upload(stage, key, bytes);
  const started = performance.now();
  const answer = await fetch(to.url, { method: 'POST', body: new Uint8Array(notification(record)) });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  const elapsedMs = performance.now() - started;
  return { elapsedMs, ...(await outcomeOf(stage, key)) };
}

beforeAll(async () => {
  stage = await openStage();
  folder = await builtFunction('face-recognition');
  receiver = await startReceiver();
});

afterAll(async () => {
  if (receiver) await stopReceiver(receiver);
  await stage?.close();
});

test.each(KINDS)(
  'the receiver answers a $name with its verdict, within all bounds',
  async ({ make, verdict }) => {
    const bytes = await make();
    const before = receiver.meter.processorMs();

    const { outcome } = await send(bytes);

    expect(outcome).toBe(verdict);
    expect(receiver.meter.processorMs() - before).toBeLessThan(BOUND_MS);
    expect(receiver.meter.peakMb()).toBeLessThan(LIMIT_MB);
  },
);

test.each(LEGITIMATE)('the receiver processes a legitimate $name', async ({ make }) => {
  const { outcome } = await send(await make());

  expect(outcome).toBe('processed');
  expect(receiver.meter.peakMb()).toBeLessThan(LIMIT_MB);
});

test('the receiver processes four photos of 12 MP at once', async () => {
  const photo = await LEGITIMATE[1]!.make();

  const results = await Promise.all([1, 2, 3, 4].map(() => send(photo)));

  expect(results.map(({ outcome }) => outcome)).toEqual(Array(4).fill('processed'));
  expect(receiver.meter.peakMb()).toBeLessThan(LIMIT_MB);
});

test.each([
  ['refused', KINDS.filter(({ verdict }) => verdict !== 'processed')],
  ['costly', KINDS.filter(({ verdict }) => verdict === 'processed')],
])('an honest photo beside %s pictures takes at most twice its usual time', async (_, kinds) => {
  const usual = await medianOf(5, () => send(sampleBytes(1)));
  const files = await Promise.all(kinds.slice(0, 6).map(({ make }) => make()));
  let isOver = false;
  const harm = Promise.all(
    // Three at a time, so that one of the four places of the container is left.
    [0, 1, 2].map(async (lane) => {
      for (let i = lane; i < files.length && !isOver; i += 3) await send(files[i]!);
    }),
  );

  const beside = await medianOf(5, () => send(sampleBytes(1)));
  isOver = true;
  await harm;

  expect(beside).toBeLessThan(2 * usual);
  expect(receiver.meter.peakMb()).toBeLessThan(LIMIT_MB);
});

/** Median time of an honest photo, in milliseconds. */
async function medianOf(repeats: number, look: () => ReturnType<typeof send>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const { outcome, elapsedMs } = await look();
    expect(outcome).toBe('processed');
    times.push(elapsedMs);
  }
  return times.sort((a, b) => a - b)[Math.floor(repeats / 2)]!;
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s no process of the receiver is left, whatever is decoded',
  async (signal) => {
    const other = await startReceiver();
    onTestFinished(() => stopReceiver(other));
    const slow = await interlaced();
    const answers = [1, 2].map(() => send(slow, other).catch(() => undefined));
    // The receiver, a process for ordinary pictures, and the one for costly pictures.
    while (other.meter.pids().length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    const pids = other.meter.pids();
    const started = performance.now();

    other.program.process.kill(signal);

    await other.program.ended();
    expect(performance.now() - started).toBeLessThan(30_000);
    await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);
    await Promise.all(answers);
  },
);

const interlaced = () => KINDS.find(({ name }) => name.startsWith('interlaced PNG of 36'))!.make();

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
