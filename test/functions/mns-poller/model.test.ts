import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBridge } from '../../../functions/mns-poller/bridge.ts';
import { type Consumer, createConsumer } from '../../../shared/mns/consumer/index.ts';
import { createMemoryQueue } from '../../../shared/mns/memory.ts';
import type { MessageQueue } from '../../../shared/mns/queue.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { MnsossError } from '../../../shared/runtime/errors.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import type { Delivery, EventSink } from '../../../shared/sinks/sink.ts';
import { bodyOf } from './support.ts';

type SinkMood =
  | 'accepts'
  | 'is busy'
  | 'is overloaded'
  | 'rejects'
  | 'hangs'
  | 'is slow'
  | 'is misconfigured';
type Fault = 'none' | 'everything' | 'delete' | 'changeVisibility' | 'lost answers';

const down = () => new MnsossError('ServiceUnavailable', 'down');
const never = () => new Promise<never>(() => {});

/**
 * One queue and the programs that work on it one after another. It watches the rule of the house at the moment of
 * every delete: no message goes before each of its records was accepted or the message is a dead letter.
 */
function createWorld() {
  const clock = manualClock();
  const random = seededRandom(7);
  const inner = createMemoryQueue({ clock, visibilityTimeout: 20 });
  const records = new Map<string, string[]>();
  const accepted = new Set<string>();
  const dead = new Set<string>();
  const faults: string[] = [];
  let mood: SinkMood = 'accepts';
  let fault: Fault = 'none';
  let program = startProgram();

  function answer(): Delivery | Promise<Delivery> {
    if (mood === 'accepts') return { result: 'accepted' };
    if (mood === 'is busy') return { result: 'retry', reason: 'busy', retryAfterMs: 1_000 };
    if (mood === 'is overloaded') return { result: 'retry', reason: '503', overloaded: true };
    if (mood === 'is misconfigured') throw new MnsossError('CredentialsMissing', 'none');
    return { result: 'rejected', reason: 'no', code: 'SinkRejected' };
  }

  function startProgram(): { consumer: Consumer; crash: () => void } {
    let alive = true;
    const whileAlive = <T>(work: Promise<T>): Promise<T> => work.finally(() => (alive ? undefined : never()));
    const sink: EventSink = {
      name: 'model',
      async deliver(event, { signal }) {
        if (!alive) return never();
        if (mood === 'hangs') await clock.sleep(1e9, signal).catch(() => {});
        if (mood === 'is slow') await clock.sleep(45_000, signal).catch(() => {});
        if (signal.aborted) return { result: 'retry', reason: 'aborted' };
        const delivery = mood === 'is slow' ? { result: 'accepted' as const } : await answer();
        if (alive && delivery.result === 'accepted') accepted.add(event.id);
        return whileAlive(Promise.resolve(delivery));
      },
      async close() {},
    };
    const queue: MessageQueue = {
      ...inner,
      async receive(options) {
        if (!alive) return never();
        if (fault === 'everything') throw down();
        const messages = await whileAlive(inner.receive(options));
        if (fault === 'lost answers') throw down();
        return messages;
      },
      async delete(handles) {
        if (!alive) return never();
        if (fault === 'everything' || fault === 'delete') throw down();
        const failures = await watchDelete(handles);
        if (fault === 'lost answers') throw down();
        return failures;
      },
      async changeVisibility(handle, seconds) {
        if (!alive) return never();
        if (fault === 'everything' || fault === 'changeVisibility') throw down();
        const changed = await inner.changeVisibility(handle, seconds);
        if (fault === 'lost answers') throw down();
        return changed;
      },
    };
    const consumer = createConsumer({
      queue,
      handle: createBridge({ sink, queueName: inner.name, clock }),
      deadLetters: {
        name: 'model',
        async put({ messageId }) {
          if (!alive) return never();
          if (fault === 'everything') throw down();
          dead.add(messageId);
        },
      },
      clock,
      random,
      logger: silentLogger,
      options: { concurrency: 3, prefetch: 2, maxDequeueCount: 4, maxAgeSeconds: 120, visibilitySeconds: 20 },
    });
    consumer.start();
    return {
      consumer,
      crash() {
        alive = false;
      },
    };
  }

  async function watchDelete(handles: readonly string[]) {
    const failures = await inner.delete(handles);
    for (const handle of handles) {
      if (failures.some(({ receiptHandle }) => receiptHandle === handle)) continue;
      const messageId = handle.split('-')[1]!;
      const open = records.get(messageId)!.filter((id) => !accepted.has(id));
      if (open.length > 0 && !dead.has(messageId)) faults.push(`${messageId} was deleted before ${open}`);
    }
    return failures;
  }

  async function stop(): Promise<void> {
    let stopped = false;
    void program.consumer.stop({ deadlineMs: 5_000 }).then(() => {
      stopped = true;
    });
    const from = clock.now();
    while (!stopped && clock.now() - from <= 10_000) await clock.advance(500);
    if (!stopped) faults.push('stop did not end in time');
  }

  return {
    async send(count: number) {
      const keys = Array.from({ length: count }, (_, index) => `m${records.size}r${index}`);
      const { messageId } = await inner.send(bodyOf(...keys));
      records.set(
        messageId,
        keys.map((key, index) => `${key}.${index}`),
      );
    },
    async sendGarbage() {
      const { messageId } = await inner.send('no event');
      records.set(messageId, ['none']);
    },
    async shift(next: { mood?: SinkMood; fault?: Fault }) {
      mood = next.mood ?? mood;
      fault = next.fault ?? fault;
    },
    advance: clock.advance,
    async crash() {
      program.crash();
      program = startProgram();
    },
    async restart() {
      await stop();
      program = startProgram();
    },
    /** All is well again for long enough: everything must have come to its end. */
    async end() {
      mood = 'accepts';
      fault = 'none';
      await clock.advance(3_600_000);
      await stop();
      const { activeMessages, inactiveMessages } = await inner.attributes();
      const lost = [...records].filter(
        ([messageId, ids]) => !dead.has(messageId) && ids.some((id) => !accepted.has(id)),
      );
      return { left: activeMessages + inactiveMessages, lost: lost.map(([messageId]) => messageId), faults };
    },
  };
}

type World = ReturnType<typeof createWorld>;

class Step implements fc.AsyncCommand<object, World> {
  private readonly name: string;
  private readonly work: (world: World) => Promise<void>;
  constructor(name: string, work: (world: World) => Promise<void>) {
    this.name = name;
    this.work = work;
  }
  check = () => true;
  run = (_: object, world: World) => this.work(world);
  toString = () => this.name;
}

const moods: SinkMood[] = [
  'accepts',
  'is busy',
  'is overloaded',
  'rejects',
  'hangs',
  'is slow',
  'is misconfigured',
];
const faultNames: Fault[] = ['none', 'everything', 'delete', 'changeVisibility', 'lost answers'];

const steps = [
  fc.integer({ min: 1, max: 4 }).map((count) => new Step(`send ${count}`, (world) => world.send(count))),
  fc.constant(new Step('send garbage', (world) => world.sendGarbage())),
  fc.constantFrom(...moods).map((mood) => new Step(`sink ${mood}`, (world) => world.shift({ mood }))),
  fc.constantFrom(...faultNames).map((fault) => new Step(`fail ${fault}`, (world) => world.shift({ fault }))),
  fc
    .constantFrom(10, 900, 5_000, 25_000, 130_000)
    .map((ms) => new Step(`wait ${ms}`, (world) => world.advance(ms))),
  fc.constant(new Step('crash', (world) => world.crash())),
  fc.constant(new Step('restart', (world) => world.restart())),
];

describe('whatever happens', () => {
  test('no record is lost, and no message is deleted before its records have an outcome', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), async (commands) => {
        const world = createWorld();

        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);

        expect(await world.end()).toEqual({ left: 0, lost: [], faults: [] });
      }),
      { numRuns: 150 },
    );
  });
});
