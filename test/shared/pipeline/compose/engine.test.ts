import { expect, onTestFinished, test } from 'vitest';
import { startLocalCloud } from '../../../../local/cloud.ts';
import { localEngineTraits } from '../../../../shared/faces/engines/local/version.ts';
import { openEngine } from '../../../../shared/pipeline/compose/engine.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../../../shared/runtime/credentials.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { analyze } from '../../../support/analyze.ts';
import { fakeEngine } from '../../../support/fake-engine.ts';
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

test('ENGINE_WORKERS=1 runs the local engine in one process with a bounded queue', async () => {
  const engine = await openEngine('local', deps({ ENGINE_WORKERS: '1', ENGINE_QUEUE: '0' }));
  const look = () => analyze(engine, blankImage(), { attributes: new Set(), embeddings: false });

  const results = await Promise.allSettled([look(), look()]);
  await engine.close();

  // Either of the two may be the first that asks.
  expect(results.toSorted((a, b) => a.status.localeCompare(b.status))).toMatchObject([
    { status: 'fulfilled', value: [] },
    { status: 'rejected', reason: { code: 'Throttled' } },
  ]);
});

test('openEngine checks the number of processes', async () => {
  const opened = openEngine('local', deps({ ENGINE_WORKERS: '65' }));

  await expect(opened).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(opened).rejects.toThrow('ENGINE_WORKERS');
});

test('the engine facebody calls the FaceBody of its environment', async () => {
  const asked: number[] = [];
  const cloud = await startLocalCloud({
    region: 'cn-shanghai',
    faceEngine: fakeEngine(({ width }) => {
      asked.push(width);
      return [];
    }),
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

  const faces = await analyze(engine, blankImage(64, 64), { attributes: new Set(), embeddings: false });

  expect(faces).toEqual([]);
  expect(asked).toEqual([64]);
});

test('the engine facebody has the region of FaceBody', async () => {
  const { region } = await openEngine('facebody', deps({ FACEBODY_REGION: 'cn-beijing' }));

  expect(region).toBe('cn-beijing');
});

test('the local engine has the network that EMBEDDER chooses', async () => {
  const engine = await openEngine('local', deps({ EMBEDDER: 'dlib' }));
  onTestFinished(() => engine.close());

  expect(engine.embedder).toEqual(localEngineTraits({ embedder: 'dlib' }).embedder);
  expect(engine.embedder).toMatchObject({ size: 128 });
});
