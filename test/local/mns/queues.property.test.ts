import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createQueues, type Queues, type Received } from '../../../local/mns/queues.ts';
import { DEFAULT_QUEUE_SETTINGS } from '../../../local/mns/settings.ts';
import { openLedger } from '../../../local/mns/store/ledger.ts';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';

const VISIBILITY_MS = 10_000;
const RETENTION_MS = 60_000;
const MAX_RECEIVES = 3;

/** A message as a reader of the documents imagines it. */
interface Message {
  readonly body: string;
  readonly priority: number;
  readonly sentAt: number;
  readonly arrival: number;
  queue: 'q' | 'dead';
  visibleAt: number;
  received: number;
  handle?: string;
}

interface Model {
  messages: Message[];
  handles: string[];
  arrivals: number;
}

interface Real {
  readonly queues: Queues;
  readonly clock: ManualClock;
}

type Command = fc.AsyncCommand<Model, Real>;

const never = new AbortController().signal;

/** What time does to the model: retention, and the move to the dead letters. */
function age(model: Model, now: number): void {
  model.messages = model.messages.filter((message) => message.sentAt + RETENTION_MS > now);
  const due = model.messages.filter(
    (message) => message.queue === 'q' && message.received >= MAX_RECEIVES && message.visibleAt <= now,
  );
  for (const message of due) {
    message.queue = 'dead';
    message.received = 0;
    delete message.handle;
  }
}

function send(priority: number, delaySeconds: number): Command {
  return {
    check: () => true,
    async run(model, { queues, clock }) {
      const body = `message ${model.arrivals}`;
      await queues.send('q', [{ body, priority, delaySeconds }]);
      const visibleAt = clock.now() + 1000 * delaySeconds;
      const arrival = model.arrivals++;
      model.messages.push({
        body,
        priority,
        sentAt: clock.now(),
        arrival,
        queue: 'q',
        visibleAt,
        received: 0,
      });
    },
    toString: () => `send(priority ${priority}, delay ${delaySeconds} s)`,
  };
}

function receive(max: number): Command {
  return {
    check: () => true,
    async run(model, { queues, clock }) {
      const now = clock.now();
      age(model, now);
      const expected = model.messages
        .filter((message) => message.queue === 'q' && message.visibleAt <= now)
        .sort((a, b) => a.priority - b.priority || a.arrival - b.arrival)
        .slice(0, max);
      const received = await queues.receive('q', { max, waitMs: 0, signal: never });
      expect(received.map(({ body }) => body)).toEqual(expected.map(({ body }) => body));
      expected.forEach((message, index) => {
        message.received++;
        message.visibleAt = now + VISIBILITY_MS;
        message.handle = received[index]!.visibility.receiptHandle;
        model.handles.push(message.handle);
      });
      expect(received.map((message) => message.visibility.dequeueCount)).toEqual(
        expected.map((message) => message.received),
      );
    },
    toString: () => `receive(${max})`,
  };
}

/** The message that a handle, new or long dead, holds now. */
function holder(model: Model, pick: number, now: number): { handle: string; message: Message | undefined } {
  const handle = model.handles[pick % model.handles.length]!;
  const message = model.messages.find(
    (candidate) => candidate.handle === handle && candidate.visibleAt > now,
  );
  return { handle, message };
}

function remove(pick: number): Command {
  return {
    check: (model) => model.handles.length > 0,
    async run(model, { queues, clock }) {
      age(model, clock.now());
      const { handle, message } = holder(model, pick, clock.now());
      queues.get('q');
      const failures = await queues.deleteMessages('q', [handle]);
      expect(failures.map(({ refusal }) => refusal.code)).toEqual(message ? [] : ['MessageNotExist']);
      model.messages = model.messages.filter((candidate) => candidate !== message);
    },
    toString: () => `delete(handle ${pick})`,
  };
}

function change(pick: number, seconds: number): Command {
  return {
    check: (model) => model.handles.length > 0,
    async run(model, { queues, clock }) {
      age(model, clock.now());
      const { handle, message } = holder(model, pick, clock.now());
      queues.get('q');
      const changing = queues.changeVisibility('q', handle, seconds);
      if (!message) {
        await expect(changing).rejects.toMatchObject({ code: 'MessageNotExist' });
        return;
      }
      const { receiptHandle, visibleAt } = await changing;
      expect(receiptHandle).not.toBe(handle);
      expect(visibleAt).toBe(clock.now() + 1000 * seconds);
      message.visibleAt = visibleAt;
      message.handle = receiptHandle;
      model.handles.push(receiptHandle);
    },
    toString: () => `changeVisibility(handle ${pick}, ${seconds} s)`,
  };
}

function giveBack(max: number): Command {
  return {
    check: () => true,
    async run(model, { queues, clock }) {
      age(model, clock.now());
      const taken: Received[] = await queues.receive('q', { max, waitMs: 0, signal: never });
      queues.giveBack('q', taken);
      // Exactly as if it had never been received.
    },
    toString: () => `receive(${max}) and give back`,
  };
}

function pass(ms: number): Command {
  return {
    check: () => true,
    run: async (_, { clock }) => clock.advance(ms),
    toString: () => `${ms} ms pass`,
  };
}

function count(): Command {
  return {
    check: () => true,
    async run(model, { queues, clock }) {
      const now = clock.now();
      age(model, now);
      const inQueue = model.messages.filter(({ queue }) => queue === 'q');
      const hidden = inQueue.filter(({ visibleAt }) => visibleAt > now);
      expect(queues.get('q').messages.counts()).toEqual({
        active: inQueue.length - hidden.length,
        inactive: hidden.filter(({ received }) => received > 0).length,
        delayed: hidden.filter(({ received }) => received === 0).length,
      });
      const dead = model.messages.filter(({ queue }) => queue === 'dead');
      expect(queues.get('dead').messages.counts()).toEqual({ active: dead.length, inactive: 0, delayed: 0 });
    },
    toString: () => 'count',
  };
}

describe('queues', () => {
  test('a queue behaves like a simple model of the documents', async () => {
    const handle = fc.nat({ max: 50 });
    const commands = fc.commands(
      [
        fc.tuple(fc.integer({ min: 1, max: 16 }), fc.constantFrom(0, 0, 0, 3)).map((args) => send(...args)),
        fc.integer({ min: 1, max: 16 }).map(receive),
        handle.map(remove),
        fc.tuple(handle, fc.integer({ min: 1, max: 20 })).map((args) => change(...args)),
        fc.integer({ min: 1, max: 16 }).map(giveBack),
        fc.constantFrom(1, 999, 3000, 9999, VISIBILITY_MS, 30_000).map(pass),
        fc.constant(count()),
      ],
      { maxCommands: 120, size: 'max' },
    );

    await fc.assert(
      fc.asyncProperty(commands, async (run) => {
        const clock = manualClock();
        const ledger = await openLedger(undefined);
        const queues = createQueues({
          ledger,
          clock,
          random: seededRandom(7),
          faults: { duplicates: () => false, reorders: () => false, shuffle: (items) => [...items] },
        });
        const retention = { messageRetentionPeriod: RETENTION_MS / 1000 };
        await queues.create('dead', { ...DEFAULT_QUEUE_SETTINGS, ...retention });
        await queues.create('q', {
          ...DEFAULT_QUEUE_SETTINGS,
          ...retention,
          visibilityTimeout: VISIBILITY_MS / 1000,
          deadLetter: { targetQueue: 'dead', maxReceiveCount: MAX_RECEIVES },
        });
        await fc.asyncModelRun(
          () => ({ model: { messages: [], handles: [], arrivals: 0 }, real: { queues, clock } }),
          run,
        );
        queues.close();
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
