import { expect, test } from 'vitest';
import { createEmitter } from '../../../../shared/mns/consumer/events.ts';
import { createLogger } from '../../../../shared/runtime/log.ts';

/** An emitter, and what it logs. */
function anEmitter() {
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => lines.push(line) });
  return { ...createEmitter<{ done: number }>(logger), lines };
}

test('an event reaches every listener of its name', () => {
  const { on, emit } = anEmitter();
  const heard: string[] = [];
  on('done', (value) => heard.push(`first ${value}`));
  on('done', (value) => heard.push(`second ${value}`));

  emit('done', 7);

  expect(heard).toEqual(['first 7', 'second 7']);
});

test('a removed listener hears nothing more', () => {
  const { on, emit } = anEmitter();
  const heard: number[] = [];
  const remove = on('done', (value) => heard.push(value));

  emit('done', 1);
  remove();
  emit('done', 2);

  expect(heard).toEqual([1]);
});

test('an event without a listener is not logged', () => {
  const { emit, lines } = anEmitter();

  emit('done', 1);

  expect(lines).toEqual([]);
});

test('the error of a listener is logged with the name of the event, and the next listener hears it', () => {
  const { on, emit, lines } = anEmitter();
  const heard: number[] = [];
  on('done', () => {
    throw new Error('a fault of the listener');
  });
  on('done', (value) => heard.push(value));

  emit('done', 1);

  expect(heard).toEqual([1]);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    event: 'done',
    err: { message: 'a fault of the listener' },
    msg: 'a listener of the consumer failed',
  });
});
