import { beforeEach, expect, test } from 'vitest';
import { createReply, REPLY_TYPE } from '../../../../functions/face-recognition/cloudevents/reply-event.ts';
import { createMemoryStore } from '../../../../shared/oss/memory.ts';
import type { ObjectStore } from '../../../../shared/oss/object-store.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';

const DOCUMENT = 'results/incoming/a.jpg/faces.json';
const EVENT_TIME = '2026-01-01T00:00:00.000Z';

const record = {
  id: 'R.0',
  region: 'cn-hangzhou',
  bucket: 'photos',
  key: 'incoming/a.jpg',
  eventTime: EVENT_TIME,
  document: DOCUMENT,
  durations: {},
};
const duplicate = { ...record, outcome: 'duplicate' } as const;
const processed = { ...record, outcome: 'processed', faces: 3, known: 1, unknown: 2 } as const;

const content = {
  source: { eventTime: EVENT_TIME },
  faces: [{ match: { person: 'Anna' } }, { match: { unknown: true } }, { match: { unknown: true } }],
};

let store: ObjectStore;

beforeEach(() => {
  store = createMemoryStore({ bucket: 'photos', clock: manualClock() });
});

const publish = (document: unknown) => store.put(DOCUMENT, Buffer.from(JSON.stringify(document)));
const openBucket = () => store;

test('the reply to a processed picture reads nothing', async () => {
  const reply = await createReply(processed, { openBucket: () => expect.unreachable('a bucket was opened') });

  expect(reply?.toJSON()).toMatchObject({
    id: 'R.0',
    type: REPLY_TYPE,
    subject: 'oss://photos/incoming/a.jpg',
    time: EVENT_TIME,
    data: {
      bucket: 'photos',
      key: 'incoming/a.jpg',
      result: { bucket: 'photos', key: DOCUMENT },
      faces: 3,
      known: 1,
      unknown: 2,
    },
  });
});

test('the reply to a duplicate has the counts of its document, and equals the first reply', async () => {
  await publish(content);

  const first = await createReply(processed, { openBucket });
  const second = await createReply(duplicate, { openBucket });

  expect(JSON.stringify(second)).toBe(JSON.stringify(first));
});

test('a face that was not compared is neither known nor unknown', async () => {
  await publish({ ...content, faces: [{}, { match: { person: 'Anna' } }] });

  const reply = await createReply(duplicate, { openBucket });

  expect(reply?.data).toMatchObject({ faces: 2, known: 1, unknown: 0 });
});

test('a reply names the result bucket and reads the document of a duplicate there', async () => {
  const opened: unknown[] = [];
  await publish(content);

  const reply = await createReply(duplicate, {
    openBucket: (...bucket) => {
      opened.push(bucket);
      return store;
    },
    resultBucket: 'faces',
  });

  expect(opened).toEqual([['faces', 'cn-hangzhou']]);
  expect(reply?.data?.result).toEqual({ bucket: 'faces', key: DOCUMENT });
});

test('a reply carries the trace of its request', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  const traced = await createReply(processed, { openBucket }, traceparent);
  const untraced = await createReply(processed, { openBucket });

  expect(traced?.toJSON()).toMatchObject({ traceparent });
  expect(untraced?.toJSON()).not.toHaveProperty('traceparent');
});

test('a duplicate whose document is gone has no reply', async () => {
  expect(await createReply(duplicate, { openBucket })).toBeUndefined();
});

test('a duplicate of an enrolment has no reply', async () => {
  await publish({ source: { eventTime: EVENT_TIME }, person: 'Anna' });

  expect(await createReply(duplicate, { openBucket })).toBeUndefined();
});

test('a document that is too large is refused before it is read', async () => {
  await publish(content);
  const get: ObjectStore['get'] = async (key) => {
    const { head, body } = await store.get(key);
    return { head: { ...head, size: 16 * 1024 * 1024 + 1 }, body };
  };

  const reply = createReply(duplicate, { openBucket: () => ({ ...store, get }) });

  await expect(reply).rejects.toMatchObject({ code: 'EventTooLarge' });
});

test('a bucket that fails for another reason fails the reply', async () => {
  const broken = { ...store, get: () => Promise.reject(new Error('planned')) };

  await expect(createReply(duplicate, { openBucket: () => broken })).rejects.toThrow('planned');
});
