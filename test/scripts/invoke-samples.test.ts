import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { type Invoked, openSession, type Session } from '../../scripts/invoke/session.ts';
import { projectFolder } from '../support/functions.ts';

const read = (name: string) => readFileSync(`events/${name}`);
/** Another Node than the present one: `npm run test:bundle` names Function Compute's. */
const { FC_NODE: node } = process.env;

const TEAM = 'incoming/team.jpg';
const GARDEN = 'incoming/garden.jpg';

/** What becomes of each record of a sample: its key, outcome and faces. */
const SAMPLES: Readonly<
  Record<string, readonly (readonly [key: string, outcome: string, faces?: number])[]>
> = {
  'oss-put-object.json': [[TEAM, 'processed', 3]],
  'oss-post-object.json': [['incoming/form upload.jpg', 'processed', 3]],
  'oss-complete-multipart.json': [['incoming/wedding/群組 50%.png', 'processed', 3]],
  'oss-delete-object.json': [[TEAM, 'gone']],
  'eventbridge-oss.json': [[TEAM, 'processed', 3]],
  'eventbridge-batch.json': [
    [TEAM, 'processed', 3],
    [GARDEN, 'processed', 3],
  ],
  'eventbridge-record.json': [[TEAM, 'processed', 3]],
  'mns-queue-event.json': [[TEAM, 'processed', 3]],
  'mns-queue-batch.json': [
    [TEAM, 'processed', 3],
    [GARDEN, 'processed', 3],
  ],
  'mns-topic-json.json': [[TEAM, 'processed', 3]],
  'mns-topic-stream.json': [[TEAM, 'processed', 3]],
  'mns-topic-xml.xml': [[TEAM, 'processed', 3]],
  'base64.txt': [[TEAM, 'processed', 3]],
  'knative-cloudevent.json': [[TEAM, 'processed', 3]],
  'async-destination.json': [[TEAM, 'processed', 3]],
};

/** The files of one picture with three faces. */
const filesOf = (key: string) =>
  ['annotated.jpg', 'faces.json', 'faces/0.jpg', 'faces/1.jpg', 'faces/2.jpg'].map(
    (name) => `oss://photos/results/${key}/${name}`,
  );

describe.each(['face-recognition', 'mns-poller'])('samples invoke %s', (functionName) => {
  let cloud: LocalCloud;
  let outdir: Awaited<ReturnType<typeof projectFolder>>;
  let session: Session;

  beforeAll(async () => {
    cloud = await startLocalCloud({ region: 'cn-shanghai' });
    outdir = await projectFolder();
    session = await openSession({
      functionName,
      cloud: { ...cloud, facebody: cloud.facebody.endpoint, isRunning: false },
      outdir: outdir.path,
      env: { LOG_LEVEL: 'warn' },
      node,
    });
  });

  afterAll(async () => {
    await session.close();
    await cloud.close();
    await outdir.remove();
  });

  /** As for the first event of a new cloud. */
  async function invoke(name: string): Promise<Invoked> {
    await cloud.reset();
    await session.furnish();
    return session.invoke(read(name));
  }

  if (functionName === 'face-recognition') {
    test.each(Object.entries(SAMPLES))('%s', async (name, expected) => {
      const { result, files } = await invoke(name);

      expect(result.errorType).toBeUndefined();
      const { records, faults } = JSON.parse(result.body.toString());
      expect(faults).toEqual([]);
      expect(records).toMatchObject(expected.map(([key, outcome, faces]) => ({ key, outcome, faces })));
      const processed = expected.filter(([, outcome]) => outcome === 'processed');
      expect([...files].sort()).toEqual(processed.flatMap(([key]) => filesOf(key)).sort());
    });

    test('http-v1.json', async () => {
      const { result, files } = await invoke('http-v1.json');

      const { statusCode, body } = JSON.parse(result.body.toString());
      expect(statusCode).toBe(200);
      expect(JSON.parse(body)).toMatchObject({ outcome: 'processed', source: { key: TEAM } });
      expect([...files].sort()).toEqual(filesOf(TEAM));
    });

    test('timer.json, which has nothing for it', async () => {
      const { result, files } = await invoke('timer.json');

      expect(JSON.parse(result.body.toString())).toMatchObject({ faults: [{ code: 'EnvelopeUnknown' }] });
      expect(files).toEqual([]);
    });
  } else {
    test('timer.json', async () => {
      const { result, files } = await invoke('timer.json');

      expect(JSON.parse(result.body.toString())).toMatchObject({ received: 1, deleted: 1, empty: true });
      expect(result.maxMemoryMb).toBeLessThan(128);
      expect([...files].sort()).toEqual(filesOf(TEAM));
    });

    test('oss-put-object.json, which is no event of its own', async () => {
      const { result } = await invoke('oss-put-object.json');

      expect(result.errorType).toBe('HandledInvocationError');
      expect(JSON.parse(result.body.toString()).errorMessage).toContain('timer');
    });
  }
});

test('every sample is invoked', () => {
  const names = readdirSync('events').filter((name) => name !== 'README.md');

  expect(names.sort()).toEqual([...Object.keys(SAMPLES), 'http-v1.json', 'timer.json'].sort());
});
