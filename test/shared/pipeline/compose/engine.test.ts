import { expect, test } from 'vitest';
import { openEngine } from '../../../../shared/pipeline/compose/engine.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../../../shared/runtime/credentials.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { analyze } from '../../../support/analyze.ts';
import { blankImage } from '../../../support/photos.ts';

const parts = (env: NodeJS.ProcessEnv = {}) => ({
  env,
  credentials: environmentCredentials(env),
  clock: systemClock,
  random: Math.random,
  logger: silentLogger,
});

test.each(['local', 'facebody'] as const)('openEngine opens the engine %s', async (name) => {
  const engine = await openEngine(name, parts());

  expect(engine.name).toBe(name);
});

test('openEngine checks the options of the chosen engine', async () => {
  const opened = openEngine('facebody', parts({ FACEBODY_QPS: 'many' }));

  await expect(opened).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(opened).rejects.toThrow('FACEBODY_QPS');
});

test('ENGINE_WORKERS=1 runs the local engine in one process with a bounded queue', async () => {
  const engine = await openEngine('local', parts({ ENGINE_WORKERS: '1', ENGINE_QUEUE: '0' }));
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
  const opened = openEngine('local', parts({ ENGINE_WORKERS: '65' }));

  await expect(opened).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(opened).rejects.toThrow('ENGINE_WORKERS');
});
