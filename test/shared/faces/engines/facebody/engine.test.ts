import { createServer, type RequestListener } from 'node:http';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { FaceBodyFault } from '../../../../../local/facebody/index.ts';
import type { FaceBodyClientDeps } from '../../../../../shared/faces/engines/facebody/client.ts';
import { createFaceBodyEngine } from '../../../../../shared/faces/engines/facebody/engine.ts';
import { createLocalEngine } from '../../../../../shared/faces/engines/local/engine.ts';
import type { Face } from '../../../../../shared/faces/face.ts';
import { createPacing } from '../../../../../shared/faces/pacing.ts';
import type { AnalyzeOptions } from '../../../../../shared/faces/picture.ts';
import { overlap } from '../../../../../shared/images/geometry.ts';
import type { UprightImage } from '../../../../../shared/images/image.ts';
import { manualClock, systemClock } from '../../../../../shared/runtime/clock.ts';
import type { CredentialProvider } from '../../../../../shared/runtime/credentials.ts';
import type { AppError } from '../../../../../shared/runtime/errors.ts';
import { FACEBODY_ACCOUNT, startFaceBody } from '../../../../local/facebody/support.ts';
import { analyze, openPixels } from '../../../../support/analyze.ts';
import { engineInProcess } from '../../../../support/engine-in-process.ts';
import { aFace, type FakeEngine, fakeEngine } from '../../../../support/fake-engine.ts';
import { listenOnLoopback } from '../../../../support/loopback.ts';
import { blankImage, SAMPLE_NUMBERS, sampleBytes } from '../../../../support/photos.ts';
import { clientOf, loopback } from './support.ts';

const ASKED: AnalyzeOptions = { attributes: new Set(['age'] as const), embeddings: false };
const NOTHING_ASKED: AnalyzeOptions = { attributes: new Set(), embeddings: false };

/** A person in the middle of any picture. */
const person = ({ width, height }: UprightImage): Face =>
  aFace({
    box: { x: 0.4 * width, y: 0.1 * height, width: 0.8 * height, height: 0.8 * height },
    attributes: { age: 30 },
  });

async function open({
  inside = fakeEngine((image) => [person(image)]),
  ...parts
}: { inside?: FakeEngine } & Partial<FaceBodyClientDeps> = {}) {
  const server = await startFaceBody({ engine: inside });
  onTestFinished(() => server.stop());
  const client = clientOf(server.endpoint, { random: () => 0, ...parts });
  return { server, inside, engine: createFaceBodyEngine({ client, pictures: fakeEngine() }) };
}

const callsOf = (stats: Readonly<Record<string, { received: number }>>) =>
  Object.fromEntries(Object.entries(stats).map(([operation, { received }]) => [operation, received]));

describe('number of calls', () => {
  test('a picture with attributes costs one RecognizeFace', async () => {
    const { server, engine } = await open();

    const faces = await analyze(engine, blankImage(), ASKED);

    expect(faces).toMatchObject([{ attributes: { age: 30 } }]);
    expect(callsOf(server.stats())).toEqual({ AuthorizeFileUpload: 1, PostObject: 1, RecognizeFace: 1 });
  });

  test('a picture without attributes costs one DetectFace', async () => {
    const { server, engine } = await open();

    const faces = await analyze(engine, blankImage(), NOTHING_ASKED);

    expect(faces).toHaveLength(1);
    expect(callsOf(server.stats())).toEqual({ AuthorizeFileUpload: 1, PostObject: 1, DetectFace: 1 });
  });

  test('a picture that is too small for a face costs no call', async () => {
    const { server, engine } = await open();

    const faces = await analyze(engine, blankImage(640, 32), ASKED);

    expect(faces).toEqual([]);
    expect(callsOf(server.stats())).toEqual({});
  });
});

describe('both operations', () => {
  test('a crowd costs both operations, and ten faces have attributes', async () => {
    const crowd = Array.from({ length: 14 }, (_, i) =>
      aFace({
        box: { x: 80 * i, y: 10 * i, width: 70 + i, height: 70 + i },
        probability: 0.99 - i / 100,
        attributes: { age: 20 + i },
      }),
    );
    const { server, engine } = await open({ inside: fakeEngine(() => [...crowd]) });

    const faces = await analyze(engine, blankImage(1280, 640), ASKED);

    expect(faces.map(({ box }) => box.width)).toEqual([
      83, 82, 81, 80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 70,
    ]);
    expect(faces.filter(({ attributes }) => attributes.age !== undefined)).toHaveLength(10);
    expect(callsOf(server.stats())).toMatchObject({ RecognizeFace: 1, DetectFace: 1 });
  });

  test('a raster beyond the limits of RecognizeFace costs both operations', async () => {
    const { server, inside, engine } = await open();

    const faces = await analyze(engine, blankImage(4200, 100), ASKED);

    expect(inside.asked.map(({ image }) => image.width)).toEqual([4095, 4200]);
    expect(faces).toHaveLength(1);
    expect(faces[0]!.box.x).toBeCloseTo(1680, -1);
    expect(faces[0]!.attributes).toEqual({ age: 30 });
    expect(callsOf(server.stats())).toMatchObject({ RecognizeFace: 1, DetectFace: 1 });
  });
});

describe('file by URL', () => {
  const hostFile = async (listener: RequestListener) => {
    const { url, close } = await listenOnLoopback(createServer(listener));
    onTestFinished(close);
    return { url: `${url}/a.jpg?Signature=secret`, bytes: sampleBytes(1).length };
  };

  test('a file that the service can read by itself is not uploaded', async () => {
    const { server, inside, engine } = await open();
    const source = await hostFile((_, response) => response.end(sampleBytes(1)));

    const faces = await analyze(engine, sampleBytes(1), { ...ASKED, source });

    expect(faces).toHaveLength(1);
    expect(callsOf(server.stats())).toEqual({ RecognizeFace: 1 });
    expect(inside.asked[0]!.image).toMatchObject({ format: 'jpeg', width: 1920 });
  });

  test('a file that the service cannot download is tried twice and then uploaded', async () => {
    const { server, engine } = await open();
    const source = await hostFile((_, response) => response.writeHead(403).end());

    const faces = await analyze(engine, sampleBytes(1), { ...ASKED, source });
    const first = callsOf(server.stats());
    await analyze(engine, sampleBytes(1), { ...ASKED, source });

    expect(faces).toHaveLength(1);
    expect(first).toMatchObject({ RecognizeFace: 3, PostObject: 1 });
    // The next one is sent at once.
    expect(callsOf(server.stats())).toMatchObject({ RecognizeFace: 4, PostObject: 2 });
  });

  test('a file that the service rejects is uploaded', async () => {
    const { server, engine } = await open();
    const source = await hostFile((_, response) => response.end('no picture'));

    const faces = await analyze(engine, sampleBytes(1), { ...ASKED, source });

    expect(faces).toHaveLength(1);
    expect(callsOf(server.stats())).toMatchObject({ RecognizeFace: 2, PostObject: 1 });
  });
});

describe('compare', () => {
  const facing = (x: number, y: number) =>
    fakeEngine((image) => {
      // A white picture shows another person than a grey one.
      const embedding = image.raster.data[0]! > 200 ? Float32Array.of(x, y) : Float32Array.of(1, 0);
      return [{ ...person(image), embedding }];
    });
  const white = (): UprightImage => {
    const image = blankImage();
    image.raster.data.fill(255);
    return image;
  };

  test.each([
    [0.45, 0.69],
    [0.6, 0.75],
  ])('a cosine of %f is a similarity of %f, with one call and no upload', async (cosine, similarity) => {
    const { server, engine } = await open({ inside: facing(cosine, Math.sqrt(1 - cosine * cosine)) });

    const comparison = await engine.compare!(openPixels(blankImage()), openPixels(white()));

    expect(comparison).toEqual({
      similarity: expect.closeTo(similarity, 3),
      thresholds: { match: 0.69, high: 0.75 },
    });
    expect(callsOf(server.stats())).toEqual({ CompareFace: 1 });
  });

  test('a comparison fails when one picture shows no face', async () => {
    const { engine } = await open({ inside: fakeEngine(() => []) });

    const comparison = engine.compare!(openPixels(blankImage()), openPixels(white()));

    await expect(comparison).rejects.toMatchObject({ code: 'FaceNotFound', kind: 'permanent' });
  });

  test('a comparison is paced and bounded like every call', async () => {
    const clock = manualClock();
    const pacing = createPacing({ clock, random: () => 0, quota: () => 1, marginMs: 0 });
    const { engine } = await open({ inside: facing(1, 0), clock, pacing });
    await engine.compare!(openPixels(blankImage()), openPixels(white()));

    const second = engine.compare!(openPixels(blankImage()), openPixels(white()), {
      deadline: clock.monotonic() + 3500,
    });

    await expect(second).rejects.toMatchObject({ code: 'Throttled' });
  });
});

describe('failures', () => {
  test.each<[string, FaceBodyFault]>([
    ['an error of the service', { kind: 'error', code: 'InternalError.Algo' }],
    ['a page of a gateway', { kind: 'page' }],
    ['an empty answer', { kind: 'empty' }],
    ['an answer without data', { kind: 'no-data' }],
    ['a broken connection', { kind: 'reset' }],
  ])('%s passes with the third attempt', async (_, fault) => {
    const { server, engine } = await open();
    server.faults.inject('RecognizeFace', fault, 2);

    const faces = await analyze(engine, blankImage(), ASKED);

    expect(faces).toHaveLength(1);
    expect(server.stats().RecognizeFace).toMatchObject({ received: 3, answered: 1 });
  });

  test.each(['InvalidFile.Size', 'InvalidFile.Resolution'] as const)(
    'such as %s are answered with half the picture, once',
    async (code) => {
      const { server, inside, engine } = await open();
      server.faults.inject('RecognizeFace', { kind: 'error', code });

      const faces = await analyze(engine, blankImage(640, 480), ASKED);

      expect(inside.asked.map(({ image }) => [image.width, image.height])).toEqual([[320, 240]]);
      expect(faces[0]!.box).toMatchObject({ x: 256, y: 48, width: 384, height: 384 });
    },
  );

  test('a picture that is rejected at half its size too is a permanent failure', async () => {
    const { server, engine } = await open();
    server.faults.inject('RecognizeFace', { kind: 'error', code: 'InvalidFile.Size' }, 2);

    const analysis = analyze(engine, blankImage(), ASKED);

    await expect(analysis).rejects.toMatchObject({ code: 'InvalidImage', kind: 'permanent' });
    expect(server.stats().RecognizeFace!.received).toBe(2);
  });

  test('a failure that does not pass is transient', async () => {
    const { server, engine } = await open();
    server.faults.inject('RecognizeFace', { kind: 'error', code: 'ServiceUnavailable' }, 3);

    const analysis = analyze(engine, blankImage(), ASKED);

    await expect(analysis).rejects.toMatchObject({ code: 'ServiceUnavailable', kind: 'transient' });
    expect(server.stats().RecognizeFace!.received).toBe(3);
  });

  test('a failure of the account is not tried again', async () => {
    const { server, engine } = await open();
    server.faults.inject('RecognizeFace', { kind: 'error', code: 'InvalidApi.NotPurchase' });

    const analysis = analyze(engine, blankImage(), ASKED);

    await expect(analysis).rejects.toMatchObject({ code: 'FaceServiceRefused', kind: 'misconfigured' });
    expect(server.stats().RecognizeFace!.received).toBe(1);
  });

  test('the error of an unreachable service names the operation', async () => {
    const engine = createFaceBodyEngine({
      client: clientOf('127.0.0.1:1', { random: () => 0 }),
      pictures: fakeEngine(),
    });

    const analysis = analyze(engine, blankImage(), ASKED);

    await expect(analysis).rejects.toMatchObject({
      code: 'NetworkError',
      message: 'RecognizeFace: ECONNREFUSED',
    });
  });

  test('a call without an answer ends with the timeout', async () => {
    const silent = await listenOnLoopback(createServer(() => {}));
    onTestFinished(silent.close);
    const endpoint = `127.0.0.1:${silent.port}`;
    const settings = loopback(endpoint, { connectTimeoutMs: 50, readTimeoutMs: 50 });
    const engine = createFaceBodyEngine({
      client: clientOf(endpoint, { settings, random: () => 0 }),
      pictures: fakeEngine(),
    });

    const analysis = analyze(engine, blankImage(), ASKED);

    await expect(analysis).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  });

  test('an expired token is replaced once', async () => {
    const asked: boolean[] = [];
    const credentials: CredentialProvider = async ({ refresh = false } = {}) => {
      asked.push(refresh);
      return { ...FACEBODY_ACCOUNT, securityToken: refresh ? 'new' : 'old' };
    };
    const { server, engine } = await open({ credentials });
    server.faults.inject('RecognizeFace', { kind: 'error', code: 'InvalidSecurityToken.Expired' });

    const faces = await analyze(engine, blankImage(), ASKED);

    expect(faces).toHaveLength(1);
    expect(asked).toEqual([false, true]);
  });

  test('errors never contain the secret, the signature or a signed URL', async () => {
    const credentials = async () => ({ ...FACEBODY_ACCOUNT, accessKeySecret: 'wrong-secret' });
    const { engine } = await open({ credentials });

    const error = (await analyze(engine, blankImage(), ASKED).catch((thrown) => thrown)) as AppError;

    expect(error).toMatchObject({ code: 'SignatureDoesNotMatch', kind: 'misconfigured' });
    expect(JSON.stringify({ ...error, message: error.message, cause: error.cause })).not.toMatch(
      /wrong-secret|ACS3|Signature=/,
    );
  });

  test('an abort ends a call that has no answer', async () => {
    const { server, engine } = await open();
    server.faults.inject('RecognizeFace', { kind: 'latency', ms: 60_000 });
    const controller = new AbortController();
    const analysis = analyze(engine, blankImage(), { ...ASKED, signal: controller.signal });
    while (server.clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));

    controller.abort();

    await expect(analysis).rejects.toMatchObject({ code: 'Aborted' });
  });
});

describe('exhausted quota', () => {
  test('a call beyond the quota is repeated a second later, and later calls are slower', async () => {
    const clock = manualClock();
    const pacing = createPacing({ clock, random: () => 0, quota: () => 2 });
    const { server, engine } = await open({ clock, pacing });
    server.faults.inject('RecognizeFace', { kind: 'error', code: 'Throttling' });

    const analysis = analyze(engine, blankImage(), ASKED);
    while (clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
    const lowered = pacing.rate('RecognizeFace');
    await clock.advance(1050);
    const faces = await analysis;

    expect(lowered).toBe(1);
    expect(faces).toHaveLength(1);
    expect(server.stats().RecognizeFace).toMatchObject({ received: 2, failed: { Throttling: 1 } });
  });

  test('an exhausted quota of uploads is waited for and does not slow the operation down', async () => {
    const clock = manualClock();
    const pacing = createPacing({ clock, random: () => 0, quota: () => 2 });
    const { server, engine } = await open({ clock, pacing });
    server.faults.inject('AuthorizeFileUpload', { kind: 'error', code: 'Throttling.User' });

    const analysis = analyze(engine, blankImage(), ASKED);
    while (clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1000);
    const faces = await analysis;

    expect(faces).toHaveLength(1);
    expect(pacing.rate('RecognizeFace')).toBe(2);
    expect(callsOf(server.stats())).toMatchObject({ AuthorizeFileUpload: 2, RecognizeFace: 1 });
  });

  test('a call whose turn comes after the deadline is rejected before the upload', async () => {
    const clock = manualClock();
    const pacing = createPacing({ clock, random: () => 0, quota: () => 1, marginMs: 0 });
    const { server, engine } = await open({ clock, pacing });
    await analyze(engine, blankImage(), ASKED);

    // Three seconds are reserved for the answer.
    const analysis = analyze(engine, blankImage(), { ...ASKED, deadline: clock.monotonic() + 3500 });

    await expect(analysis).rejects.toMatchObject({ code: 'Throttled', retryAfterMs: 1000 });
    expect(callsOf(server.stats())).toEqual({ AuthorizeFileUpload: 1, PostObject: 1, RecognizeFace: 1 });
  });

  test('a call is not repeated when its turn comes after the deadline', async () => {
    const { server, engine } = await open();
    server.faults.inject('RecognizeFace', { kind: 'error', code: 'Throttling' });

    const analysis = analyze(engine, blankImage(), { ...ASKED, deadline: systemClock.monotonic() + 3500 });

    await expect(analysis).rejects.toMatchObject({ code: 'Throttled', retryAfterMs: 1000 });
    expect(server.stats().RecognizeFace!.received).toBe(1);
  });
});

describe('local FaceBody and local engine', () => {
  const local = engineInProcess(createLocalEngine());
  afterAll(() => local.close());

  test.each(SAMPLE_NUMBERS)(
    'local FaceBody finds the faces of the local engine in sample %i',
    async (sample) => {
      const server = await startFaceBody({ engine: local });
      onTestFinished(() => server.stop());
      const engine = createFaceBodyEngine({ client: clientOf(server.endpoint), pictures: fakeEngine() });

      const direct = await analyze(local, sampleBytes(sample), ASKED);
      const served = await analyze(engine, sampleBytes(sample), ASKED);

      expect(served).toHaveLength(direct.length);
      for (const { box } of direct) {
        expect(Math.max(...served.map((face) => overlap(box, face.box)))).toBeGreaterThanOrEqual(0.9);
      }
    },
  );
});
