import type { CloudEvent } from 'cloudevents';
import { expect, test } from 'vitest';
import { AppError } from '../../../shared/runtime/errors.ts';
import { createInProcessSink } from '../../../shared/sinks/in-process.ts';
import { anEvent, eventSinkContract, type FarSide } from '../../contracts/event-sink.ts';

eventSinkContract('in-process', async () => {
  let farSide: FarSide = 'accept';
  const received: CloudEvent<unknown>[] = [];
  const sink = createInProcessSink(async (event) => {
    received.push(event);
    if (farSide === 'fail') throw new AppError('ServiceUnavailable', 'the engine does not answer');
    if (farSide === 'overload') throw new AppError('Throttled', 'slower', { retryAfterMs: 2000 });
    if (farSide === 'refuse') throw new AppError('InvalidImage', 'not an image');
    if (farSide === 'break') throw new Error('a fault of the handler');
    if (farSide === 'hang') await new Promise(() => {});
  });
  return {
    sink,
    behave: (as) => {
      farSide = as;
    },
    received: () => received,
    close: () => sink.close(),
  };
});

test('the in-process sink rejects an event with the code of its error', async () => {
  const sink = createInProcessSink(async () => {
    throw new AppError('ImageTooLarge', '200 megapixels');
  });

  const delivery = await sink.deliver(anEvent(), { signal: new AbortController().signal });

  expect(delivery).toEqual({
    result: 'rejected',
    code: 'ImageTooLarge',
    reason: '200 megapixels',
  });
});

test('the in-process sink throws a misconfigured error', async () => {
  const sink = createInProcessSink(async () => {
    throw new AppError('ConfigInvalid', 'no bucket');
  });

  const delivery = sink.deliver(anEvent(), { signal: new AbortController().signal });

  await expect(delivery).rejects.toMatchObject({ code: 'ConfigInvalid' });
});
