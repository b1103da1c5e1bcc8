import { build } from 'esbuild';
import { afterEach, describe, expect, test } from 'vitest';
import type { toTriggerReply } from '../../../functions/face-recognition/http/trigger-event.ts';
import { createFunctionHooks } from '../../../functions/face-recognition/managed/hooks.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { sampleBytes } from '../../support/photos.ts';
import { portrait } from '../../support/portrait.ts';
import { aPicture, documentOf, notification, openStage, type Stage, upload } from './support.ts';

let stage: Stage | undefined;

afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

const open = async (env: NodeJS.ProcessEnv) => {
  stage = await openStage(env);
  return stage;
};

const byPosition = ({ faces }: Awaited<ReturnType<typeof documentOf>>) =>
  faces.toSorted((left, right) => left.box.x - right.box.x).map(({ match }) => match);

describe.each([
  { ENGINE: 'local', GALLERY: 'oss' },
  { ENGINE: 'local', EMBEDDER: 'dlib', GALLERY: 'oss' },
  { ENGINE: 'local', GALLERY: 'facebody' },
  { ENGINE: 'facebody', GALLERY: 'facebody' },
])('with $ENGINE $EMBEDDER and GALLERY=$GALLERY', (env) => {
  test(`the function enrols, identifies and forgets people with ${Object.values(env).join(', ')}`, {
    timeout: 60_000,
  }, async () => {
    const { fn, context, photos } = await open(env);
    const key = 'people/guest/portrait.jpg';
    const enrolling = await upload(stage!, key, await portrait());

    const enrolled = await fn.handler(notification(enrolling), context());
    const again = await fn.handler(notification(enrolling), context());
    const party = await upload(stage!, 'incoming/party.jpg', sampleBytes(1));
    await fn.handler(notification(party), context());

    expect(enrolled).toMatchObject({ records: [{ outcome: 'enrolled', person: 'guest' }] });
    expect(again).toMatchObject({ records: [{ outcome: 'duplicate' }] });
    expect(byPosition(await documentOf(stage!, 'incoming/party.jpg'))).toEqual([
      { unknown: true, bestScore: expect.any(Number) },
      { unknown: true, bestScore: expect.any(Number) },
      { person: 'guest', confidence: expect.any(Number), level: 'high' },
    ]);

    await photos.delete(key);
    const removal = { ...enrolling, eventName: 'ObjectRemoved:DeleteObject' };
    const removed = await fn.handler(notification(removal), context());
    const later = await upload(stage!, 'incoming/later.jpg', sampleBytes(1));
    await fn.handler(notification(later), context());

    expect(removed).toMatchObject({ records: [{ outcome: 'gone', removed: 1 }] });
    expect(byPosition(await documentOf(stage!, 'incoming/later.jpg'))).toEqual([
      { unknown: true },
      { unknown: true },
      { unknown: true },
    ]);
  });
});

test('a gallery of one embedder is refused with another embedder', async () => {
  const { fn, context, cloud } = await open({ GALLERY: 'oss' });
  const enrolling = await upload(stage!, 'people/guest/portrait.jpg', await portrait());
  await fn.handler(notification(enrolling), context());
  const other = createFunctionHooks({
    env: { FC_REGION: cloud.region, OSS_ENDPOINT: cloud.oss.url, GALLERY: 'oss', EMBEDDER: 'dlib' },
    clock: systemClock,
    random: () => 0,
    write: () => undefined,
  });

  const party = await upload(stage!, 'incoming/party.jpg', sampleBytes(1));
  const handling = other.handler(notification(party), context());

  await expect(handling).rejects.toMatchObject({ code: 'GalleryMismatch', kind: 'misconfigured' });
  await expect(handling).rejects.toThrow(
    /made by fr_feature-87aacdfe .* embedder is face_recognition_model-b413e420/,
  );
  await other.preStop(context());
});

test('another instance of the function knows the people that the first one enrolled', async () => {
  const env = { GALLERY: 'oss' };
  const { fn, context } = await open(env);
  const enrolling = await upload(stage!, 'people/guest/portrait.jpg', await portrait());
  await fn.handler(notification(enrolling), context());
  await fn.preStop(context());

  const party = await upload(stage!, 'incoming/party.jpg', sampleBytes(1));
  await fn.handler(notification(party), context());

  expect(byPosition(await documentOf(stage!, 'incoming/party.jpg'))[2]).toMatchObject({ person: 'guest' });
});

test.each([
  ['its own people', {}, 'others', [{ unknown: true }, { unknown: true }, { unknown: true }]],
  [
    'the same people where all results go to one',
    { RESULT_BUCKET: 'everything' },
    'everything',
    [{ unknown: true }, { unknown: true }, { person: 'guest' }],
  ],
])('GALLERY=oss gives each bucket %s', async (_, env, resultBucket, matches) => {
  const { fn, context, oss } = await open({ GALLERY: 'oss', ...env });
  await oss.createBucket('others');
  await oss.createBucket('everything');
  const enrolling = await upload(stage!, 'people/guest/portrait.jpg', await portrait());
  await fn.handler(notification(enrolling), context());

  const { requestId } = await oss.bucket('others').put('incoming/party.jpg', sampleBytes(1));
  const { oss: source, ...rest } = enrolling;
  const object = { key: 'incoming/party.jpg', size: sampleBytes(1).length };
  const party = {
    ...rest,
    responseElements: { requestId },
    oss: { ...source, bucket: { name: 'others' }, object },
  };
  await fn.handler(notification(party), context());

  const { body } = await oss.bucket(resultBucket).get('results/incoming/party.jpg/faces.json');
  const document = JSON.parse(Buffer.concat(await body.toArray()).toString());
  expect(byPosition(document)).toMatchObject(matches);
});

describe('FaceBody', () => {
  const ENGINE = 'facebody';
  const callsOf = ({ cloud }: Stage) =>
    Object.fromEntries(
      Object.entries(cloud.facebody.stats()).map(([operation, { received }]) => [operation, received]),
    );
  const process = async (env: NodeJS.ProcessEnv, bytes: Buffer = sampleBytes(1)) => {
    const opened = await open({ ENGINE, ...env });
    const record = await upload(opened, 'incoming/a.jpg', bytes);
    const report = await opened.fn.handler(notification(record), opened.context());
    return { opened, record, report };
  };

  test('FaceBody reads a picture of its own region by URL, in one call', async () => {
    const { opened, report } = await process({ OSS_INTERNAL: 'true' });

    expect(report).toMatchObject({ records: [{ outcome: 'processed', faces: 3 }] });
    expect(callsOf(opened)).toEqual({ RecognizeFace: 1 });
  });

  test('the URL for FaceBody appears in no log line', async () => {
    const opened = await open({ ENGINE, LOG_LEVEL: 'debug' });
    opened.cloud.facebody.faults.inject('RecognizeFace', { kind: 'error', code: 'InvalidImage.URL' }, 2);
    opened.cloud.facebody.faults.inject('RecognizeFace', { kind: 'error', code: 'InternalError' }, 3);
    const record = await upload(opened, 'incoming/a.jpg', sampleBytes(1));

    const report = opened.fn.handler(notification(record), opened.context());

    await expect(report).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    expect(callsOf(opened)).toMatchObject({ RecognizeFace: 5, PostObject: 3 });
    expect(JSON.stringify(opened.lines)).not.toMatch(/x-oss-signature|security-token|https?:/i);
  });

  test('a picture of another region is sent to FaceBody', async () => {
    const { opened, report } = await process({ FACEBODY_REGION: 'cn-hangzhou' });

    expect(report).toMatchObject({ records: [{ outcome: 'processed', faces: 3 }] });
    expect(callsOf(opened)).toEqual({ AuthorizeFileUpload: 1, PostObject: 1, RecognizeFace: 1 });
  });

  test('FaceBody is asked only for boxes when no attribute is wanted', async () => {
    const { opened } = await process({ ATTRIBUTES: 'none' });

    expect(callsOf(opened)).toEqual({ DetectFace: 1 });
    const { faces } = await documentOf(opened, 'incoming/a.jpg');
    for (const face of faces) expect(face.attributes).toEqual({});
  });

  test('a duplicate and a removal cause no call to FaceBody', async () => {
    const { opened, record } = await process({ GALLERY: 'facebody' });
    const before = callsOf(opened);

    const again = await opened.fn.handler(notification(record), opened.context());
    await opened.photos.delete('incoming/a.jpg');
    const removal = { ...record, eventName: 'ObjectRemoved:DeleteObject' };
    await opened.fn.handler(notification(removal), opened.context());

    expect(again).toMatchObject({ records: [{ outcome: 'duplicate' }] });
    expect(before).toMatchObject({ RecognizeFace: 1, SearchFace: 1 });
    expect(callsOf(opened)).toEqual(before);
  });

  test('a picture without a face causes no search in FaceBody', async () => {
    const { opened } = await process({ GALLERY: 'facebody' }, await aPicture());

    expect(callsOf(opened)).toEqual({ RecognizeFace: 1 });
  });
});

test('BEST_SCORE=false leaves out the score of unknown faces', async () => {
  const { fn, context } = await open({ GALLERY: 'oss', BEST_SCORE: 'false' });
  const enrolling = await upload(stage!, 'people/guest/portrait.jpg', await portrait());
  const party = await upload(stage!, 'incoming/party.jpg', sampleBytes(1));

  await fn.handler(notification(enrolling), context());
  await fn.handler(notification(party), context());

  const matches = byPosition(await documentOf(stage!, 'incoming/party.jpg'));
  expect(matches).toEqual([
    { unknown: true },
    { unknown: true },
    expect.objectContaining({ person: 'guest' }),
  ]);
});

test("a request for a person's photo over HTTP returns its enrolment record", async () => {
  const { fn, context } = await open({ GALLERY: 'oss' });
  await upload(stage!, 'people/guest/portrait.jpg', await portrait());
  const asked = {
    version: 'v1',
    rawPath: '/',
    headers: {},
    body: JSON.stringify({ bucket: 'photos', key: 'people/guest/portrait.jpg' }),
    isBase64Encoded: false,
    requestContext: { requestId: 'r', http: { method: 'POST', path: '/' } },
  };

  const reply = (await fn.handler(Buffer.from(JSON.stringify(asked)), context())) as ReturnType<
    typeof toTriggerReply
  >;

  expect(reply.statusCode).toBe(200);
  expect(JSON.parse(reply.body)).toMatchObject({ outcome: 'enrolled', person: 'guest' });
});

test('without a gallery, a photo below people/ is ignored as outside the prefix', async () => {
  const { fn, context } = await open({});
  const record = await upload(stage!, 'people/guest/portrait.jpg');

  const report = await fn.handler(notification(record), context());

  expect(report).toMatchObject({ records: [{ outcome: 'ignored', rule: 'outside-prefix' }] });
});

test.each([
  [{ ENGINE: 'facebody', GALLERY: 'oss' }, 'GALLERY=oss needs embeddings'],
  [{ GALLERY: 'oss', PEOPLE_PREFIX: 'incoming/people/' }, 'PEOPLE_PREFIX'],
  [{ GALLERY: 'somewhere' }, 'GALLERY'],
])('initialize refuses %o', async (env, named) => {
  const { fn, context } = await open(env);

  const initialized = fn.initialize(context());

  await expect(initialized).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(initialized).rejects.toThrow(named);
});

test('the start loads no code of galleries, enrolment or identification', async () => {
  const { metafile } = await build({
    absWorkingDir: new URL('../../..', import.meta.url).pathname,
    entryPoints: ['functions/face-recognition/managed/hooks.ts'],
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    outdir: 'none',
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  const { outputs } = metafile;
  /** What is loaded with the entry, without what waits for an import of its own. */
  const loaded = new Set<string>();
  const load = (name: string): void => {
    if (loaded.has(name) || !outputs[name]) return;
    loaded.add(name);
    for (const { path, kind } of outputs[name].imports) if (kind === 'import-statement') load(path);
  };
  load(Object.keys(outputs).find((name) => outputs[name]!.entryPoint?.endsWith('hooks.ts'))!);
  const inputs = [...loaded].flatMap((name) => Object.keys(outputs[name]!.inputs));

  expect(inputs).toContain('shared/pipeline/recognize.ts');
  expect(inputs.filter((path) => /faces\/gallery|enrol|identify/.test(path))).toEqual([]);
});
