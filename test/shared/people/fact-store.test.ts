import { expect, test } from 'vitest';
import { createFactStore } from '../../../shared/people/fact-store.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

function setUp() {
  const clock = manualClock();
  const store = createMemoryStore({ clock });
  let ids = 0;
  const open = (ahead = 0) =>
    createFactStore({
      store,
      prefix: 'facts/',
      clock: { ...clock, now: () => clock.now() + ahead },
      newId: () => `id${ids++}`,
    });
  return { store, open };
}

test('facts are read by every instance in the order in which they were stated', async () => {
  const { open } = setUp();
  const [one, other] = [open(), open()];

  const first = await one.state([{ kind: 'is', sighting: 'a', person: '张三' }], 'me');
  const second = await other.state([
    { kind: 'hide', sighting: 'b' },
    { kind: 'hide', sighting: 'c' },
  ]);

  expect(await one.read()).toEqual([...first, ...second]);
  expect(first[0]).toMatchObject({ kind: 'is', sighting: 'a', person: '张三', by: 'me' });
  expect(second[1]!.together).toBe(second[0]!.id);
});

test('a fact sorts after those that its author has seen, also when the clock of their author is ahead', async () => {
  const { open } = setUp();
  const [early] = await open(3_600_000).state([{ kind: 'hide', sighting: 'a' }]);

  const [undo] = await open().state([{ kind: 'undo', fact: early!.id }]);

  expect(undo!.id > early!.id).toBe(true);
});

test('each fact is an object of its own that is never written again', async () => {
  const { store, open } = setUp();
  await open().state([{ kind: 'hide', sighting: 'a' }]);
  const before = [];
  for await (const entry of store.list({ prefix: 'facts/' })) before.push(entry);

  await open().state([{ kind: 'hide', sighting: 'a' }]);

  const after = [];
  for await (const entry of store.list({ prefix: 'facts/' })) after.push(entry);
  expect(after).toHaveLength(2);
  expect(after[0]).toEqual(before[0]);
});

test('an invalid statement is FactInvalid and leaves no object', async () => {
  const { store, open } = setUp();

  const stating = open().state([{ kind: 'is', sighting: 'a', person: '' }]);

  await expect(stating).rejects.toMatchObject({ code: 'FactInvalid' });
  const keys = [];
  for await (const { key } of store.list()) keys.push(key);
  expect(keys).toEqual([]);
});

test('an object that is no fact is FactInvalid and named', async () => {
  const { store, open } = setUp();
  await store.put('facts/strange.json', Buffer.from('{"kind":"guess"}'));

  await expect(open().read()).rejects.toThrow('facts/strange.json is not a fact');
});

test('a removed fact is gone for every instance', async () => {
  const { open } = setUp();
  const [one, other] = [open(), open()];
  const [fact] = await one.state([{ kind: 'hide', sighting: 'a' }]);
  await other.read();

  await one.remove([fact!.id]);

  expect(await other.read()).toEqual([]);
});
