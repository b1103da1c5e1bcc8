import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalFc, startLocalFc } from '../../local/fc/index.ts';
import { DEFAULT_IMAGE_BOUNDS } from '../../shared/images/image.ts';
import { notification, openStage, type Stage, upload } from '../functions/face-recognition/support.ts';
import { builtFunction } from '../support/functions.ts';
import { childrenOf, descendants } from '../support/process-tree.ts';
import { KINDS, LEGITIMATE } from './kinds.ts';
import { type Meter, startMeter } from './meter.ts';
import { outcomeOf } from './outcome.ts';

/** Of the function in s.yaml. */
const LIMIT_MB = 1024;
/** Starting a process again, and work that is not the picture's. */
const OVERHEAD_MS = 3000;
const BOUND_MS = DEFAULT_IMAGE_BOUNDS.maxPictureSeconds * 1000 + OVERHEAD_MS;

let stage: Stage;
let fc: LocalFc;
let meter: Meter;
let pictures = 0;

beforeAll(async () => {
  stage = await openStage();
  const codeDir = await builtFunction('face-recognition');
  // Whatever runs now is not the function.
  const others = new Set(descendants(process.pid));
  fc = await startLocalFc(stage.cloud, {
    functions: [
      {
        name: 'face-recognition',
        codeDir,
        handler: 'index.handler',
        initializer: 'index.initialize',
        preStop: 'index.preStop',
        environment: { ENGINE: 'local', FC_REGION: stage.cloud.region, OSS_ENDPOINT: stage.cloud.oss.url },
        timeoutSeconds: 60,
        memoryMb: LIMIT_MB,
      },
    ],
  });
  meter = startMeter(() => childrenOf(process.pid).filter((pid) => !others.has(pid)));
});

afterAll(async () => {
  meter?.stop();
  await fc?.close();
  await stage?.close();
});

async function send(bytes: Uint8Array) {
  const key = `incoming/${pictures++}`;
  const record = await upload(stage, key, bytes);
  const { body } = await fc.invoke('face-recognition', notification(record));
  expect(JSON.parse(body.toString())).toHaveProperty('records');
  return outcomeOf(stage, key);
}

test.each(KINDS)(
  'the function answers a $name with its verdict, within all bounds',
  async ({ make, verdict }) => {
    const bytes = await make();
    const before = meter.processorMs();

    const { outcome } = await send(bytes);

    expect(outcome).toBe(verdict);
    expect(meter.processorMs() - before).toBeLessThan(BOUND_MS);
    expect(meter.peakMb()).toBeLessThan(LIMIT_MB);
  },
);

test.each(LEGITIMATE)('the function processes a legitimate $name', async ({ make }) => {
  const { outcome } = await send(await make());

  expect(outcome).toBe('processed');
  expect(meter.peakMb()).toBeLessThan(LIMIT_MB);
});
