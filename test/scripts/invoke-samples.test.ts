import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { type Invoked, openSession, type Session } from '../../scripts/invoke/session.ts';
import { projectFolder } from '../support/functions.ts';

/** A Node other than the present one: `npm run test:bundle` names Function Compute's. */
const { FC_NODE: node } = process.env;

const TEAM = 'incoming/team.jpg';
const GARDEN = 'incoming/garden.jpg';

const processed = (key: string) => ({ key, outcome: 'processed', faces: 3 });

/** By sample: what face-recognition returns for each of its records. */
const RECORDS: Readonly<Record<string, readonly { key: string; outcome: string }[]>> = {
  'oss-put-object.json': [processed(TEAM)],
  'oss-post-object.json': [processed('incoming/form upload.jpg')],
  'oss-complete-multipart.json': [processed('incoming/wedding/群組 50%.png')],
  'oss-delete-object.json': [{ key: TEAM, outcome: 'gone' }],
  'eventbridge-oss.json': [processed(TEAM)],
  'eventbridge-batch.json': [processed(TEAM), processed(GARDEN)],
  'eventbridge-record.json': [processed(TEAM)],
  'mns-queue-event.json': [processed(TEAM)],
  'mns-queue-batch.json': [processed(TEAM), processed(GARDEN)],
  'mns-topic-json.json': [processed(TEAM)],
  'mns-topic-stream.json': [processed(TEAM)],
  'mns-topic-xml.xml': [processed(TEAM)],
  'base64.txt': [processed(TEAM)],
  'knative-cloudevent.json': [processed(TEAM)],
  'async-destination.json': [processed(TEAM)],
};

/** The files of one picture with three faces. */
const filesOf = (key: string) =>
  ['annotated.jpg', 'faces.json', 'faces/0.jpg', 'faces/1.jpg', 'faces/2.jpg'].map(
    (name) => `oss://photos/results/${key}/${name}`,
  );

let cloud: LocalCloud;
let outdir: Awaited<ReturnType<typeof projectFolder>>;
const sessions = new Map<string, Session>();

beforeAll(async () => {
  cloud = await startLocalCloud({ region: 'cn-shanghai' });
  outdir = await projectFolder();
  for (const functionName of ['face-recognition', 'mns-poller']) {
    const session = await openSession({
      functionName,
      cloud: { ...cloud, facebody: cloud.facebody.endpoint, isRunning: false },
      outdir: outdir.path,
      env: { LOG_LEVEL: 'warn' },
      node,
    });
    sessions.set(functionName, session);
  }
});

afterAll(async () => {
  for (const session of sessions.values()) await session.close();
  await cloud.close();
  await outdir.remove();
});

/** Invokes the function with a sample event, in a cloud that holds nothing else. */
async function invoke(functionName: string, sample: string): Promise<Invoked> {
  const session = sessions.get(functionName)!;
  await cloud.reset();
  await session.createResources();
  return session.invoke(readFileSync(`events/${sample}`));
}

test.each(Object.entries(RECORDS))('face-recognition takes the sample %s', async (sample, expected) => {
  const { result, files } = await invoke('face-recognition', sample);

  expect(result.errorType).toBeUndefined();
  const { records, faults } = JSON.parse(result.body.toString());
  expect(faults).toEqual([]);
  expect(records).toMatchObject(expected);
  const written = expected.filter(({ outcome }) => outcome === 'processed');
  expect([...files].sort()).toEqual(written.flatMap(({ key }) => filesOf(key)).sort());
});

test('face-recognition takes the HTTP request of http-v1.json and answers with the document', async () => {
  const { result, files } = await invoke('face-recognition', 'http-v1.json');

  const { statusCode, body } = JSON.parse(result.body.toString());
  expect(statusCode).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ outcome: 'processed', source: { key: TEAM } });
  expect([...files].sort()).toEqual(filesOf(TEAM));
});

test('face-recognition reports an unknown envelope for timer.json, which holds no record', async () => {
  const { result, files } = await invoke('face-recognition', 'timer.json');

  expect(JSON.parse(result.body.toString())).toMatchObject({ faults: [{ code: 'EnvelopeUnknown' }] });
  expect(files).toEqual([]);
});

test('mns-poller drains a queue for timer.json within 128 MB', async () => {
  const { result, files } = await invoke('mns-poller', 'timer.json');

  expect(JSON.parse(result.body.toString())).toMatchObject({ received: 1, deleted: 1, empty: true });
  expect(result.maxMemoryMb).toBeLessThan(128);
  expect([...files].sort()).toEqual(filesOf(TEAM));
});

test('mns-poller refuses oss-put-object.json and says that it expects a timer', async () => {
  const { result } = await invoke('mns-poller', 'oss-put-object.json');

  expect(result.errorType).toBe('HandledInvocationError');
  expect(JSON.parse(result.body.toString()).errorMessage).toContain('timer');
});

test('every sample event has a test that invokes a function with it', () => {
  const samples = readdirSync('events').filter((name) => name !== 'README.md');

  expect(samples.sort()).toEqual([...Object.keys(RECORDS), 'http-v1.json', 'timer.json'].sort());
});
