import { expect, test } from 'vitest';
import { openEngine } from '../../../functions/face-recognition/engine.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../../shared/runtime/credentials.ts';

const parts = (env: NodeJS.ProcessEnv = {}) => ({
  env,
  credentials: environmentCredentials(env),
  clock: systemClock,
  random: Math.random,
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
