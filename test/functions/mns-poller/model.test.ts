import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBridge } from '../../../functions/mns-poller/bridge.ts';
import { startLocalCloud } from '../../../local/cloud.ts';
import type { MnsClient } from '../../../shared/mns/client.ts';
import { type Consumer, createConsumer } from '../../../shared/mns/consumer/index.ts';
import type { MessageQueue } from '../../../shared/mns/queue.ts';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';
import type { Delivery } from '../../../shared/runtime/delivery.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import type { EventSink } from '../../../shared/sinks/sink.ts';
import { mnsClientOf } from '../../support/cloud-clients.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
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

const never = () => new Promise<never>(() => {});

/**
 * One queue and the programs that work on it one after another. It watches the rule of the house at the moment of
 * every delete: no message goes before each of its records was accepted or the message is a dead letter.
 */
function createWorld(service: QueueService) {
  const { clock } = service;
  const random = seededRandom(7);
  const records = new Map<string, string[]>();
  const accepted = new Set<string>();
  const dead = new Set<string>();
  const faults: string[] = [];
  /** By receipt handle. */
  const messageIds = new Map<string, string>();
  let mood: SinkMood = 'accepts';
  let fault: Fault = 'none';
  let program = startProgram();

  function answer(): Delivery | Promise<Delivery> {
    if (mood === 'accepts') return { result: 'accepted' };
    if (mood === 'is busy') return { result: 'retry', reason: 'busy', retryAfterMs: 1_000 };
    if (mood === 'is overloaded') return { result: 'retry', reason: '503', overloaded: true };
    if (mood === 'is misconfigured') throw new AppError('CredentialsMissing', 'none');
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
    const { queue: inner, disconnect } = service.connect();
    const queue: MessageQueue = {
      ...inner,
      async receive(options) {
        if (!alive) return never();
        const messages = await whileAlive(inner.receive(options));
        for (const { receiptHandle, messageId } of messages) messageIds.set(receiptHandle, messageId);
        return messages;
      },
      async delete(handles) {
        if (!alive) return never();
        const failures = await whileAlive(inner.delete(handles));
        watchDeleted(
          handles.filter((handle) => !failures.some((failure) => failure.receiptHandle === handle)),
        );
        return failures;
      },
      async changeVisibility(handle, seconds) {
        if (!alive) return never();
        const changed = await whileAlive(inner.changeVisibility(handle, seconds));
        messageIds.set(changed.receiptHandle, messageIds.get(handle)!);
        return changed;
      },
    };
    const consumer = createConsumer({
      queue,
      handle: createBridge({ sink, queueName: QUEUE, clock }),
      deadLetters: {
        name: 'model',
        async put({ messageId }) {
          if (!alive) return never();
          if (fault === 'everything') throw new AppError('ServiceUnavailable', 'down');
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
        disconnect();
      },
    };
  }

  function watchDeleted(handles: readonly string[]): void {
    for (const handle of handles) {
      const messageId = messageIds.get(handle)!;
      const open = records.get(messageId)!.filter((id) => !accepted.has(id));
      if (open.length > 0 && !dead.has(messageId)) faults.push(`${messageId} was deleted before ${open}`);
    }
  }

  async function stop(): Promise<void> {
    let stopped = false;
    void program.consumer.stop({ deadlineMs: 5_000 }).then(() => {
      stopped = true;
    });
    const from = clock.now();
    while (!stopped && clock.now() - from <= 10_000) await service.advance(500);
    if (!stopped) faults.push('stop did not end in time');
  }

  return {
    async send(count: number) {
      const keys = Array.from({ length: count }, (_, index) => `m${records.size}r${index}`);
      const messageId = await service.send(bodyOf(...keys));
      records.set(
        messageId,
        keys.map((key, index) => `${key}.${index}`),
      );
    },
    async sendGarbage() {
      const messageId = await service.send('no event');
      records.set(messageId, ['none']);
    },
    async shift(next: { mood?: SinkMood; fault?: Fault }) {
      mood = next.mood ?? mood;
      fault = next.fault ?? fault;
      service.fail(fault);
    },
    advance: service.advance,
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
      service.fail('none');
      for (let minute = 0; minute < 60 && (await service.depth()) > 0; minute++)
        await service.advance(60_000);
      await stop();
      const left = await service.depth();
      const lost = [...records].filter(
        ([messageId, ids]) => !dead.has(messageId) && ids.some((id) => !accepted.has(id)),
      );
      return { left, lost: lost.map(([messageId]) => messageId), faults };
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

/** Where the queue is, and how it fails. */
interface QueueService {
  readonly clock: ManualClock;
  /** For one program; `disconnect` is what its death does. */
  connect(): { queue: MessageQueue; disconnect: () => void };
  /** Never fails; gives the id. */
  send(body: string): Promise<string>;
  depth(): Promise<number>;
  fail(fault: Fault): void;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const QUEUE = 'uploads';
const VISIBILITY_SECONDS = 20;

function memoryService(): QueueService {
  const clock = manualClock();
  const inner = createMemoryQueue({ clock, visibilityTimeout: VISIBILITY_SECONDS });
  let fault: Fault = 'none';
  const call = async <T>(work: () => Promise<T>, own?: Fault): Promise<T> => {
    const down = new AppError('ServiceUnavailable', 'down');
    if (fault === 'everything' || fault === own) throw down;
    const result = await work();
    if (fault === 'lost answers') throw down;
    return result;
  };
  const queue: MessageQueue = {
    ...inner,
    receive: (options) => call(() => inner.receive(options)),
    delete: (handles) => call(() => inner.delete(handles), 'delete'),
    changeVisibility: (handle, seconds) =>
      call(() => inner.changeVisibility(handle, seconds), 'changeVisibility'),
  };
  return {
    clock,
    connect: () => ({ queue, disconnect: () => {} }),
    send: async (body) => (await inner.send(body)).messageId,
    depth: async () => depthOf(inner),
    fail(next) {
      fault = next;
    },
    advance: clock.advance,
    close: async () => {},
  };
}

/** The local cloud, over real connections; its time is moved in steps that leave them their turns. */
async function cloudService(): Promise<QueueService> {
  const clock = manualClock();
  const cloud = await startLocalCloud({ clock });
  await cloud.mns.ensureQueue(QUEUE, { visibilityTimeout: VISIBILITY_SECONDS });
  const clients: MnsClient[] = [];
  const connect = () => {
    const client = mnsClientOf(cloud, { clock });
    clients.push(client);
    return { queue: client.queue(QUEUE), disconnect: client.close };
  };
  const own = connect().queue;
  const failing: Record<Fault, readonly string[]> = {
    none: [],
    everything: ['ReceiveMessage', 'BatchDeleteMessage', 'ChangeMessageVisibility'],
    delete: ['BatchDeleteMessage'],
    changeVisibility: ['ChangeMessageVisibility'],
    'lost answers': ['ReceiveMessage', 'BatchDeleteMessage', 'ChangeMessageVisibility'],
  };
  return {
    clock,
    connect,
    send: async (body) => (await own.send(body)).messageId,
    depth: () => depthOf(own),
    fail(fault) {
      cloud.faults.clear();
      for (const operation of failing[fault]) {
        if (fault === 'lost answers')
          cloud.faults.inject({ operation, rate: 1, kind: 'reset', when: 'after' });
        else cloud.faults.inject({ operation, rate: 1, kind: 'error' });
      }
    },
    async advance(ms) {
      for (let left = ms; left > 0; left -= 500) {
        await clock.advance(Math.min(500, left));
        for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async close() {
      for (const client of clients) client.close();
      await cloud.close();
    },
  };
}

async function depthOf(queue: MessageQueue): Promise<number> {
  const { activeMessages, inactiveMessages } = await queue.attributes();
  return activeMessages + inactiveMessages;
}

describe('poller model', () => {
  test.each([
    ['memory', memoryService, { numRuns: 150, maxCommands: 60 }],
    ['the local cloud', cloudService, { numRuns: 20, maxCommands: 30 }],
  ])(
    'the poller on %s loses no record and deletes no message before its records have an outcome',
    async (_, start, { numRuns, maxCommands }) => {
      await fc.assert(
        fc.asyncProperty(fc.commands(steps, { maxCommands, size: 'max' }), async (commands) => {
          const service = await start();
          const world = createWorld(service);
          try {
            await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);

            expect(await world.end()).toEqual({ left: 0, lost: [], faults: [] });
          } finally {
            await service.close();
          }
        }),
        { numRuns },
      );
    },
  );
});
