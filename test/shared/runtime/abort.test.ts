import { expect, test } from 'vitest';
import { onAbort, orAborted, untilAborted } from '../../../shared/runtime/abort.ts';

/** Listeners that a signal has now. */
function counted(signal: AbortSignal) {
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    addEventListener.apply(signal, args as never);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    removeEventListener.apply(signal, args as never);
  };
  return { listeners: () => listeners };
}

test('untilAborted settles as its function settles it, and listens no longer', async () => {
  const { signal } = new AbortController();
  const { listeners } = counted(signal);
  let undone = 0;
  const undo = () => void undone++;

  const resolved = await untilAborted<string>(signal, (resolve) => {
    setImmediate(() => resolve('done'));
    return undo;
  });
  const rejected = untilAborted(signal, (_, reject) => {
    reject(new Error('broken'));
    return undo;
  });

  expect(resolved).toBe('done');
  await expect(rejected).rejects.toThrow('broken');
  expect(undone).toBe(0);
  expect(listeners()).toBe(0);
});

test('untilAborted undoes and rejects with the reason when the signal fires first', async () => {
  const controller = new AbortController();
  let undone = 0;
  const waiting = untilAborted(controller.signal, () => () => void undone++);

  controller.abort(new Error('enough'));

  await expect(waiting).rejects.toThrow('enough');
  expect(undone).toBe(1);
});

test('untilAborted does not begin when the signal has fired', async () => {
  let begun = false;

  const waiting = untilAborted(
    AbortSignal.abort(),
    () => {
      begun = true;
      return () => {};
    },
    () => new Error('stopped'),
  );

  await expect(waiting).rejects.toThrow('stopped');
  expect(begun).toBe(false);
});

test('orAborted is Aborted at once when work ignores the signal', async () => {
  const controller = new AbortController();
  const endless = orAborted(controller.signal, () => new Promise(() => {}));

  controller.abort();

  await expect(endless).rejects.toMatchObject({ code: 'Aborted' });
});

test('onAbort calls its function once, at once for a signal that has fired, and never after it is cancelled', () => {
  const controller = new AbortController();
  const calls: string[] = [];

  const cancel = onAbort(controller.signal, () => calls.push('cancelled'));
  onAbort(controller.signal, () => calls.push('fired'));
  cancel();
  controller.abort();
  onAbort(controller.signal, () => calls.push('late'));

  expect(calls).toEqual(['fired', 'late']);
});
