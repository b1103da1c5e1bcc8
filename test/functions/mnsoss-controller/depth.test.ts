import { expect, test } from 'vitest';
import { aBroker, aSecret, aSource, TOPIC } from './objects.ts';
import { actForOthers, startWorld, until, type World } from './world.ts';

async function startReady(): Promise<World> {
  const world = await startWorld();
  actForOthers(world);
  await world.mns.createTopic(TOPIC);
  await world.apply(aBroker());
  await world.apply(aSecret(world.cloud));
  await world.start();
  await world.apply(aSource());
  await world.whenReady();
  return world;
}

async function depth(world: World, path = '/queues/default/uploads') {
  const response = await world.get(path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('the depth of a source counts waiting messages and messages in flight', async () => {
  const world = await startReady();
  const { status } = await world.source();
  const queue = world.mns.queue(status!.queue!);
  for (const body of ['a', 'b', 'c']) await queue.send(body);
  await queue.receive({ max: 1, waitSeconds: 1 });

  const answer = await depth(world);

  expect(answer).toEqual({
    status: 200,
    body: { queue: status!.queue, active: 2, inactive: 1, delayed: 0, depth: 3 },
  });
});

test('the depth of a source is known without pollers', async () => {
  const world = await startReady();
  await world.apply(aSource({ consumers: 0 }));
  await world.whenCondition('Deployed', { reason: 'ScaledToZero' });

  const answer = await depth(world);

  expect(answer).toMatchObject({ status: 200, body: { depth: 0 } });
});

test('the depth of a source has no number when it is unknown', async () => {
  const world = await startReady();
  await world.delete(aSecret(world.cloud));

  const answer = await until(async () => {
    const one = await depth(world);
    return one.status === 503 && one;
  });

  expect(answer.body).toEqual({ code: 'SecretMissing', message: expect.stringContaining('mns-token') });
  expect(answer.body).not.toHaveProperty('depth');
});

test.each([
  ['/queues/default/absent', 404, 'SourceNotFound'],
  ['/queues/default', 404, 'NotFound'],
  ['/queues/default/UPPER', 404, 'NotFound'],
])('the depth endpoint answers %s with %i', async (path, status, code) => {
  const world = await startWorld();
  await world.start();

  expect(await depth(world, path)).toMatchObject({ status, body: { code } });
});
