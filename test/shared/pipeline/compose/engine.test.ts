import { expect, onTestFinished, test } from 'vitest';
import { startLocalCloud } from '../../../../local/cloud.ts';
import { embedderName } from '../../../../shared/faces/engines/local/version.ts';
import { openEngine } from '../../../../shared/pipeline/compose/engine.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../../../shared/runtime/credentials.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { blankImage } from '../../../support/photos.ts';

const deps = (env: NodeJS.ProcessEnv = {}) => ({
  env,
  credentials: environmentCredentials(env),
  clock: systemClock,
  random: Math.random,
  logger: silentLogger,
});

test.each(['local', 'facebody'] as const)('openEngine opens the engine %s', async (name) => {
  const engine = await openEngine(name, deps());

  expect(engine.name).toBe(name);
});

test('openEngine checks the options of the chosen engine', async () => {
  const opened = openEngine('facebody', deps({ FACEBODY_QPS: 'many' }));

  await expect(opened).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(opened).rejects.toThrow('FACEBODY_QPS');
});

test('ENGINE_WORKERS=1 runs the local engine on one thread with a bounded queue', async () => {
  const engine = await openEngine('local', deps({ ENGINE_WORKERS: '1', ENGINE_QUEUE: '0' }));
  const look = () => engine.analyze(blankImage(), { attributes: new Set(), embeddings: false });

  const results = await Promise.allSettled([look(), look()]);
  await engine.close();

  expect(results).toMatchObject([
    { status: 'fulfilled', value: [] },
    { status: 'rejected', reason: { code: 'Throttled' } },
  ]);
});

test('openEngine checks the number of threads', async () => {
  const opened = openEngine('local', deps({ ENGINE_WORKERS: '65' }));

  await expect(opened).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(opened).rejects.toThrow('ENGINE_WORKERS');
});

test('the engine facebody calls the FaceBody of its environment', async () => {
  const asked: number[] = [];
  const cloud = await startLocalCloud({
    region: 'cn-shanghai',
    faceEngine: {
      async analyze({ width }) {
        asked.push(width);
        return [];
      },
    },
  });
  onTestFinished(() => cloud.close());
  const engine = await openEngine(
    'facebody',
    deps({
      ALIBABA_CLOUD_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: cloud.credentials.accessKeySecret,
      FACEBODY_ENDPOINT: cloud.facebody.endpoint,
      FACEBODY_UPLOAD_ENDPOINT: cloud.facebody.endpoint,
      FACEBODY_PROTOCOL: 'HTTP',
    }),
  );

  const faces = await engine.analyze(blankImage(64, 64), { attributes: new Set(), embeddings: false });

  expect(faces).toEqual([]);
  expect(asked).toEqual([64]);
});

test('the engine facebody has the region of FaceBody', async () => {
  const { region } = await openEngine('facebody', deps({ FACEBODY_REGION: 'cn-beijing' }));

  expect(region).toBe('cn-beijing');
});

test.each(['0', '1'])('ENGINE_WORKERS=%s keeps the network that EMBEDDER chooses', async (workers) => {
  const engine = await openEngine('local', deps({ ENGINE_WORKERS: workers, EMBEDDER: 'dlib' }));
  onTestFinished(() => engine.close());

  expect(engine.embedder).toMatchObject({ name: embedderName('dlib'), size: 128 });
});

test('ENGINE_WORKERS=0 analyzes pictures without a thread', async () => {
  const engine = await openEngine('local', deps({ ENGINE_WORKERS: '0' }));
  onTestFinished(() => engine.close());

  const faces = await engine.analyze(blankImage(), { attributes: new Set(), embeddings: false });

  expect(faces).toEqual([]);
});
