import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import {
  type EnrolmentRecord,
  enrolmentJsonSchema,
  enrolmentKeys,
  readRecord,
  writeRecord,
} from '../../../../shared/pipeline/people/record.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';

const KEY = 'results/people/Anna/1.jpg/enrolment.json';

const RECORD: EnrolmentRecord = {
  schemaVersion: 1,
  outcome: 'refused',
  person: 'Anna',
  source: {
    bucket: 'photos',
    key: 'people/Anna/1.jpg',
    region: 'cn-hangzhou',
    requestId: 'R',
    eventTime: '2026-01-01T00:00:00.000Z',
  },
  gallery: 'oss',
  engine: { name: 'fake', version: 'fake-1' },
  refusal: { reason: 'no-face', message: 'there is no face' },
};

const openStore = () => createMemoryStore({ clock: manualClock() });

test('the published JSON Schema is the one of the code', async () => {
  const schema = await readFile('shared/pipeline/enrolment-1.schema.json', 'utf8');

  expect(enrolmentJsonSchema()).toEqual(JSON.parse(schema));
});

test('a record is stored beside the results that the photo would have', () => {
  const keys = enrolmentKeys('results/', { bucket: 'photos', key: 'people/Anna/1.jpg' });

  expect(keys).toMatchObject({ document: KEY, annotated: 'results/people/Anna/1.jpg/annotated.jpg' });
});

test('a record is read as it was written, and is JSON that names its write', async () => {
  const store = openStore();

  await writeRecord(store, KEY, RECORD);

  expect(await readRecord(store, KEY)).toEqual(RECORD);
  expect(await store.head(KEY)).toMatchObject({
    contentType: 'application/json',
    metadata: { 'source-bucket': 'photos', 'request-id': 'R', faces: '0' },
  });
});

test.each([
  ['absent', undefined],
  ['no JSON', '{"person"'],
  ['the document of something else', '{"person":"Anna"}'],
])('an object that is %s is no record', async (_what, text) => {
  const store = openStore();
  if (text !== undefined) await store.put(KEY, Buffer.from(text));

  expect(await readRecord(store, KEY)).toBeUndefined();
});

test('a record that cannot be read is an error', async () => {
  const get = () => Promise.reject(new AppError('ServiceUnavailable', 'planned'));

  await expect(readRecord({ ...openStore(), get }, KEY)).rejects.toMatchObject({
    code: 'ServiceUnavailable',
  });
});
