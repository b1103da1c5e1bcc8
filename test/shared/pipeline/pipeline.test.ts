import { beforeEach, expect, test } from 'vitest';
import type { ObjectStore } from '../../../shared/oss/object-store.ts';
import { readPipelineOptions } from '../../../shared/pipeline/options.ts';
import type { RecognitionResult } from '../../../shared/pipeline/outcome.ts';
import { createPipeline } from '../../../shared/pipeline/pipeline.ts';
import type { PictureTask } from '../../../shared/pipeline/process-picture.ts';
import { recognitionTask } from '../../../shared/pipeline/recognize.ts';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { createLogger, type Logger } from '../../../shared/runtime/log.ts';
import { anEvent } from '../../support/events.ts';
import { fakeEngine } from '../../support/fake-engine.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

let clock: ManualClock;
let store: ObjectStore;
let lines: Record<string, unknown>[];
let logger: Logger;

beforeEach(() => {
  clock = manualClock();
  store = createMemoryStore({ bucket: 'photos', clock });
  lines = [];
  logger = createLogger({ write: (line) => lines.push(JSON.parse(line)) });
});

/** The task of recognition, with `open` in place of its decoder. */
function taskWith(open: () => Promise<never>): PictureTask<RecognitionResult> {
  const options = readPipelineOptions({});
  const deps = { openBucket: () => store, engine: { ...fakeEngine(), open }, options, clock, logger };
  return recognitionTask(deps);
}

async function upload(key: string) {
  const { etag, requestId } = await store.put(key, Buffer.from('a picture'));
  return anEvent({ key, etag, requestId });
}

test('events of one key are processed one after another, those of different keys in parallel', async () => {
  const running: string[] = [];
  let most = 0;
  const finish: (() => void)[] = [];
  const task = taskWith(async () => {
    running.push('picture');
    most = Math.max(most, running.length);
    await new Promise<void>((resolve) => finish.push(resolve));
    running.pop();
    throw new AppError('NetworkError', 'planned');
  });
  const process = createPipeline({ clock, logger, taskFor: () => task });
  const finishAll = async (works: Promise<unknown>[]) => {
    const settled = Promise.allSettled(works);
    for (let left = works.length; left > 0; left--) {
      await expect.poll(() => finish.length).toBeGreaterThan(0);
      finish.shift()!();
    }
    return settled;
  };

  const same = await upload('incoming/a.jpg');
  await finishAll([process(same), process(same)]);
  const mostOfOneKey = most;
  const works = [process(await upload('incoming/b.jpg')), process(await upload('incoming/c.jpg'))];
  await expect.poll(() => finish.length).toBe(2);
  await finishAll(works);

  expect(mostOfOneKey).toBe(1);
  expect(most).toBe(2);
});

test('an outcome is logged with the milliseconds that it took', async () => {
  const task = taskWith(async () => {
    await clock.advance(250);
    throw new AppError('InvalidImage', 'planned');
  });
  const process = createPipeline({ clock, logger, taskFor: () => task });

  await process(await upload('incoming/a.jpg'));

  expect(lines).toMatchObject([{ level: 'info', outcome: 'invalid', ms: 250, msg: 'image' }]);
});

test('a failure is logged once with its code, kind and reason, and is thrown', async () => {
  const task = taskWith(() => Promise.reject(new AppError('Throttled', 'planned')));
  const process = createPipeline({ clock, logger, taskFor: () => task });

  const processing = process(await upload('incoming/a.jpg'));

  await expect(processing).rejects.toMatchObject({ code: 'Throttled' });
  expect(lines).toMatchObject([
    {
      level: 'warn',
      key: 'incoming/a.jpg',
      code: 'Throttled',
      kind: 'throttled',
      reason: 'planned',
      msg: 'image not processed, to be delivered again',
    },
  ]);
});

test('an event without a task is logged and thrown', async () => {
  const taskFor = () => Promise.reject(new AppError('GalleryDamaged', 'planned'));
  const process = createPipeline({ clock, logger, taskFor });

  await expect(process(anEvent())).rejects.toMatchObject({ code: 'GalleryDamaged' });

  expect(lines).toMatchObject([
    { level: 'warn', code: 'GalleryDamaged', msg: 'event not processed, to be delivered again' },
  ]);
});
