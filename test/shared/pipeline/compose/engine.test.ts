import { expect, test } from 'vitest';
import { openEngine } from '../../../../shared/pipeline/compose/engine.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../../../shared/runtime/credentials.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { blankImage } from '../../../support/photos.ts';

const parts = (env: NodeJS.ProcessEnv = {}) => ({
  env,
  credentials: environmentCredentials(env),
  clock: systemClock,
  random: Math.random,
  logger: silentLogger,
});

test.each(['local', 'facebody'] as const)('%s is opened by its name', async (name) => {
  const engine = await openEngine(name, parts());

  expect(engine.name).toBe(name);
});

test('the options of the chosen engine are checked when it is opened', async () => {
  const opened = openEngine('facebody', parts({ FACEBODY_QPS: 'many' }));

  await expect(opened).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(opened).rejects.toThrow('FACEBODY_QPS');
});

test('the local engine works on threads when it is told to', async () => {
  const engine = await openEngine('local', parts({ ENGINE_WORKERS: '1', ENGINE_QUEUE: '0' }));
  const look = () => engine.analyze(blankImage(), { attributes: new Set(), embeddings: false });

  const results = await Promise.allSettled([look(), look()]);
  await engine.close();

  expect(results).toMatchObject([
    { status: 'fulfilled', value: [] },
    { status: 'rejected', reason: { code: 'Throttled' } },
  ]);
});

test('the number of threads is checked', async () => {
  const opened = openEngine('local', parts({ ENGINE_WORKERS: '65' }));

  await expect(opened).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(opened).rejects.toThrow('ENGINE_WORKERS');
});
