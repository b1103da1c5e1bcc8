import { describe, expect, test } from 'vitest';
import type { Source } from '../../../functions/mnsoss-controller/source/source.ts';
import { aBroker, aSecret, aSource, secretOf, TOPIC } from './objects.ts';
import { actForOthers, startWorld, until, type World } from './world.ts';

async function startReady({ spec = {}, drainSeconds = 0 } = {}): Promise<{ world: World; source: Source }> {
  const world = await startWorld();
  actForOthers(world);
  await world.mns.createTopic(TOPIC);
  await world.apply(aBroker());
  await world.apply(aSecret(world.cloud));
  await world.start({ drainSeconds });
  await world.apply(aSource(spec));
  return { world, source: await world.whenReady() };
}

describe('finalize', () => {
  test('deleting a source deletes what was created in MNS, and Kubernetes deletes the rest', async () => {
    const { world, source } = await startReady();
    const { queue } = source.status!;

    await world.delete(aSource());
    await world.whenGone();

    expect(await world.subscriptions(TOPIC)).toEqual([]);
    expect(await world.hasQueue(queue!)).toBe(false);
    expect(await world.hasQueue(`${queue}-dead`)).toBe(false);
    expect(await world.deployment()).toBeUndefined();
    expect(await world.binding()).toBeUndefined();
    expect(await world.events()).not.toContainEqual(expect.objectContaining({ type: 'Warning' }));
  });

  test('deleting a source keeps what existed before', async () => {
    const world = await startWorld();
    actForOthers(world);
    await world.mns.createTopic(TOPIC);
    for (const queue of ['mine', 'mine-dead']) await world.mns.createQueue(queue);
    await world.apply(aBroker());
    await world.apply(aSecret(world.cloud));
    await world.start();
    await world.apply(aSource({ queue: 'mine' }));
    const { status } = await world.whenReady();

    await world.delete(aSource());
    await world.whenGone();

    expect(status?.made?.queues).toEqual([]);
    expect(await world.hasQueue('mine')).toBe(true);
    expect(await world.hasQueue('mine-dead')).toBe(true);
    expect(await world.subscriptions(TOPIC)).toEqual([]);
  });

  test('deleting a source keeps a queue that still holds messages, and reports it', async () => {
    const { world, source } = await startReady();
    const { queue } = source.status!;
    await world.mns.queue(queue!).send('not worked on yet');

    await world.delete(aSource());
    const event = await world.whenEvent('QueueKept');
    await world.whenGone();

    expect(event.message).toContain(`queue ${queue} still holds 1 messages`);
    expect(await world.hasQueue(queue!)).toBe(true);
    expect(await world.subscriptions(TOPIC)).toEqual([]);
  });

  test('deleting a source waits for running pollers to empty the queue, which gets no new messages', async () => {
    const { world, source } = await startReady({ drainSeconds: 60 });
    const queue = world.mns.queue(source.status!.queue!);
    await world.mns.publish(TOPIC, 'the last one');
    const [message] = await queue.receive({ max: 1, waitSeconds: 2 });

    await world.delete(aSource());
    await until(async () => (await world.subscriptions(TOPIC)).length === 0);
    const meanwhile = await world.source();
    await queue.delete([message!.receiptHandle]);
    await world.whenGone();

    expect(meanwhile.metadata.deletionTimestamp).toBeDefined();
    expect(await world.hasQueue(source.status!.queue!)).toBe(false);
  });

  test('deleting a source does not wait for a deleted Secret, and names what remains', async () => {
    const { world, source } = await startReady();
    const { queue, subscription } = source.status!;

    await world.delete(aSecret(world.cloud));
    await world.delete(aSource());
    const event = await world.whenEvent('CleanUpSkipped');
    await world.whenGone();

    expect(event.message).toContain(`subscription ${subscription} of topic ${TOPIC}, queue ${queue}`);
    expect(event.message).toContain('Secret mns-token does not exist');
    expect(await world.hasQueue(queue!)).toBe(true);
  });

  test('deleting a source does not wait for a token that has become invalid', async () => {
    const { world } = await startReady();
    const { accessKeyId, accessKeySecret } = world.cloud.credentials;

    await world.apply(
      secretOf({ mns: JSON.stringify({ url: 'http://x/path', accessKeyId, accessKeySecret }) }),
    );
    await world.delete(aSource());
    const event = await world.whenEvent('CleanUpSkipped');
    await world.whenGone();

    expect(event.message).toContain('x is not an endpoint of MNS');
  });

  test('deleting a source waits for MNS when it does not answer', async () => {
    const { world, source } = await startReady();
    const withdraw = world.cloud.faults.inject({ operation: 'Unsubscribe', rate: 1, kind: 'error' });

    await world.delete(aSource());
    await world.whenLogged('source is reconciled again');
    const meanwhile = await world.source();
    withdraw();
    await world.whenGone();

    expect(meanwhile.metadata.finalizers).toHaveLength(1);
    expect(await world.hasQueue(source.status!.queue!)).toBe(false);
  });

  test('deleting a source accepts that the topic is already deleted', async () => {
    const { world, source } = await startReady();

    await world.deleteTopic(TOPIC);
    await world.delete(aSource());
    await world.whenGone();

    expect(await world.hasQueue(source.status!.queue!)).toBe(false);
  });

  test('deleting a source deletes what was created before an error', async () => {
    const world = await startWorld();
    await world.apply(aSecret(world.cloud));
    await world.start();
    await world.apply(aSource({ topic: 'absent' }));
    const { status } = await world.whenCondition('QueueReady', { status: 'False', reason: 'TopicNotFound' });
    const before = await world.hasQueue(status!.queue!);

    await world.delete(aSource());
    await world.whenGone();

    expect(before).toBe(true);
    expect(await world.hasQueue(status!.queue!)).toBe(false);
  });

  test('deleting a source succeeds when nothing was created for it', async () => {
    const world = await startWorld();
    await world.start();
    await world.apply(aSource());
    await world.whenCondition('Ready', { status: 'False', reason: 'SecretMissing' });

    await world.delete(aSource());
    await world.whenGone();

    expect(await world.events()).not.toContainEqual(expect.objectContaining({ reason: 'CleanUpSkipped' }));
  });
});
