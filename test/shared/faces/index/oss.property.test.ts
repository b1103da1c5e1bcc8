import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FaceIndex } from '../../../../shared/faces/index/face-index.ts';
import { createOssFaceIndex } from '../../../../shared/faces/index/oss/face-index.ts';
import type { ObjectStore } from '../../../../shared/oss/object-store.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { seededRandom } from '../../../../shared/runtime/random.ts';
import { interleaved } from '../../../support/interleaved-store.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { aSightedFace, aWrite } from './support.ts';

const SIZE = 16;

interface Command {
  readonly do: 'put' | 'remove';
  readonly key: string;
  readonly time: number;
  readonly faces: number;
}

const command: fc.Arbitrary<Command> = fc.record({
  do: fc.constantFrom('put', 'put', 'put', 'remove'),
  key: fc.constantFrom('a', 'b', 'c'),
  time: fc.nat(1_000_000),
  faces: fc.nat(2),
});

const writers = fc.array(fc.array(command, { minLength: 2, maxLength: 8, size: 'max' }), {
  minLength: 2,
  maxLength: 3,
});

async function run(index: FaceIndex, { do: what, key, time, faces }: Command): Promise<void> {
  const write = aWrite(key, { time, requestId: `${time}` });
  if (what === 'remove') return index.remove(write);
  const seen = Array.from({ length: faces }, (_, number) =>
    aSightedFace(time + number, { number, embedding: embeddingOf(time + number) }),
  );
  return index.put(write, seen);
}

function embeddingOf(seed: number): Float32Array {
  const vector = new Float32Array(SIZE);
  vector[seed % SIZE] = 1;
  return vector;
}

/** The write that counts per key, and its number of faces. */
function expected(commands: readonly Command[]): Record<string, number> {
  const latest = new Map<string, Command>();
  for (const each of commands)
    if (each.time >= (latest.get(each.key)?.time ?? -1)) latest.set(each.key, each);
  const found: Record<string, number> = {};
  for (const { do: what, key, time, faces } of latest.values()) {
    if (what === 'put' && faces > 0) found[`${key}@${time}`] = faces;
  }
  return found;
}

async function contentOf(index: FaceIndex): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for await (const { key, time } of index.all()) found[`${key}@${time}`] = (found[`${key}@${time}`] ?? 0) + 1;
  return found;
}

function setUp() {
  const clock = manualClock();
  const store = createMemoryStore({ clock });
  let ids = 0;
  const open = (through: ObjectStore) =>
    createOssFaceIndex({
      store: through,
      prefix: 'index/',
      embedder: { name: 'test', size: SIZE },
      clock,
      // Unique and unordered, like names of writers whose clocks differ.
      newId: () => `${(++ids * 7919) % 1_000_003}`.padStart(7, '0'),
      logger: silentLogger,
      maxSegments: 1,
    });
  return { store, open };
}

test('the index contains the latest write of each picture, however the requests and merges of several writers interleave', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer(), writers, async (scheduler, seed, lists) => {
      const { store, open } = setUp();
      const random = seededRandom(seed);

      await scheduler.waitFor(
        Promise.all(
          lists.map(async (commands) => {
            const index = open(interleaved(store, scheduler, random));
            for (const each of commands) await run(index, each);
          }),
        ),
      );

      expect(await contentOf(open(store))).toEqual(expected(uniqueTimes(lists.flat())));
    }),
    { numRuns: 100 },
  );
});

test('the index contains every write that returned, wherever a writer stopped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(60),
      fc.array(command, { minLength: 3, maxLength: 10 }),
      async (requests, commands) => {
        const { store, open } = setUp();
        const index = open(stoppingAfter(requests, store));

        const returned: Command[] = [];
        let stopped: Command | undefined;
        for (const each of uniqueTimes(commands)) {
          try {
            await run(index, each);
            returned.push(each);
          } catch {
            stopped = each;
            break;
          }
        }

        const content = await contentOf(open(store));
        const without = expected(returned);
        const withIt = expected(stopped ? [...returned, stopped] : returned);
        expect([without, withIt]).toContainEqual(content);
      },
    ),
    { numRuns: 100 },
  );
});

test('a merge keeps no embedding of a removed picture in any object', async () => {
  const { store, open } = setUp();
  const index = open(store);
  for (const key of ['a', 'b', 'c']) await run(index, { do: 'put', key, time: 1, faces: 2 });

  await run(index, { do: 'remove', key: 'b', time: 2, faces: 0 });

  const texts: string[] = [];
  for await (const { key } of store.list()) {
    texts.push(Buffer.concat(await (await store.get(key)).body.toArray()).toString('latin1'));
  }
  const mentions = texts.join('').match(/"key":"b".{0,120}?"faces":\[[^\]]*/g)!;
  expect(mentions.every((mention) => mention.endsWith('"faces":['))).toBe(true);
});

/** OSS cannot order writes within one second, so the commands of one key have different times. */
function uniqueTimes(commands: readonly Command[]): Command[] {
  const seen = new Set<string>();
  return commands.filter(({ key, time }) => !seen.has(`${key}@${time}`) && seen.add(`${key}@${time}`));
}

/** Fails from some request on, as if the program had ended. */
function stoppingAfter(requests: number, store: ObjectStore): ObjectStore {
  let left = requests;
  const spend = () => {
    if (left-- <= 0) throw new Error('stopped');
  };
  return {
    ...store,
    async put(...args) {
      spend();
      return store.put(...args);
    },
    async get(...args) {
      spend();
      return store.get(...args);
    },
    async delete(...args) {
      spend();
      return store.delete(...args);
    },
    async *list(...args) {
      spend();
      yield* store.list(...args);
    },
  };
}
