import { createServer, type RequestListener } from 'node:http';
import * as facebody from '@alicloud/facebody20191230';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { streamOf } from '../../../shared/faces/engines/facebody/operations.ts';
import type { SdkClient } from '../../../shared/faces/engines/facebody/sdk.ts';
import { createLocalEngine } from '../../../shared/faces/engines/local/engine.ts';
import { similarity } from '../../../shared/faces/similarity.ts';
import { cropFace } from '../../../shared/images/crop.ts';
import { acs3Authorization, acs3ContentHash } from '../../../shared/runtime/acs3.ts';
import { engineInProcess } from '../../support/engine-in-process.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { decodePhoto, decodeSample, SAMPLES, type Sample, sampleBytes } from '../../support/photos.ts';
import { FACEBODY_ACCOUNT, type FaceBodyServer, startFaceBody } from './support.ts';

type Runtime = Parameters<SdkClient['recognizeFaceWithOptions']>[1];
const RUNTIME = { connectTimeout: 10_000, readTimeout: 15_000 } as Runtime;
const DB = 'staff';

const engine = engineInProcess(createLocalEngine());
let server: FaceBodyServer;
let sdk: SdkClient;
beforeAll(async () => {
  await engine.warmUp();
  server = await startFaceBody({ engine });
  sdk = sdkFor(server.endpoint);
});
beforeEach(() => server.reset());
afterAll(async () => {
  await server.stop();
  await engine.close();
});

/** The official SDK as its users have it; the open platform is a field, as it has no setting. */
function sdkFor(endpoint: string, account: Partial<typeof FACEBODY_ACCOUNT> = {}): SdkClient {
  const Client = facebody.default.default ?? facebody.default;
  const config = { ...FACEBODY_ACCOUNT, ...account, endpoint, protocol: 'HTTP', regionId: 'cn-shanghai' };
  const client = new Client(config as unknown as ConstructorParameters<typeof Client>[0]);
  client._openPlatformEndpoint = endpoint;
  return client;
}

async function start(options: Partial<Parameters<typeof startFaceBody>[0]> = {}) {
  const started = await startFaceBody({ engine, ...options });
  onTestFinished(() => started.stop());
  return { server: started, sdk: sdkFor(started.endpoint) };
}

/** A server beside FaceBody on this machine; gives the URL of a file on it. */
async function hostFile(listener: RequestListener): Promise<string> {
  const { url, close } = await listenOnLoopback(createServer(listener));
  onTestFinished(close);
  return `${url}/photos/team%20one.jpg`;
}

const serve =
  (bytes: Buffer): RequestListener =>
  (_, response) => {
    response.end(bytes);
  };

const upload = (sample: Sample) => streamOf(sampleBytes(sample));

/** One person of a sample, largest first. */
async function portrait(sample: Sample, index: number, padding = 0.5): Promise<Buffer> {
  const image = await decodeSample(sample);
  const faces = await engine.analyze(image, { attributes: new Set(), embeddings: false });
  return cropFace(image, faces[index]!.box, { padding, minSide: 64, maxSide: 512, quality: 95 });
}

const errorOf = (call: Promise<unknown>): Promise<{ code?: string; statusCode?: number; name: string }> =>
  call.then(
    () => {
      throw new Error('it succeeded');
    },
    (error) => error,
  );

describe('RecognizeFace', () => {
  test('RecognizeFace describes every face of an uploaded picture', async () => {
    const request = new facebody.RecognizeFaceAdvanceRequest({ imageURLObject: upload(1) });

    const { body } = await sdk.recognizeFaceAdvance(request, RUNTIME);

    const data = body!.data!;
    expect(data.faceCount).toBe(SAMPLES[1]);
    expect(data.faceRectangles).toHaveLength(4 * SAMPLES[1]);
    expect(data.genderList).toEqual([0, 0, 0]);
    expect(data.landmarks).toHaveLength(210 * SAMPLES[1]);
    expect(data.pupils).toHaveLength(6 * SAMPLES[1]);
    expect(data.poseList).toHaveLength(3 * SAMPLES[1]);
    expect(data.qualities!.scoreList).toHaveLength(SAMPLES[1]);
    expect(server.stats()).toMatchObject({
      AuthorizeFileUpload: { answered: 1 },
      PostObject: { answered: 1 },
      RecognizeFace: { answered: 1 },
    });
  });

  test('RecognizeFace with any flag returns one face with only the requested attributes', async () => {
    const url = await hostFile(serve(sampleBytes(1)));

    const { body } = await sdk.recognizeFaceWithOptions(
      new facebody.RecognizeFaceRequest({ imageURL: url, age: true }),
      RUNTIME,
    );

    const data = body!.data!;
    expect(data.faceCount).toBe(1);
    expect(data.ageList).toHaveLength(1);
    expect(data.genderList).toEqual([]);
    expect(data.landmarks ?? []).toEqual([]);
  });

  test.each<[why: string, code: string, bytes: () => Buffer | Promise<Buffer>]>([
    [
      'a file above 3 MB',
      'InvalidFile.Size',
      () => Buffer.concat([sampleBytes(1), Buffer.alloc(3 * 1024 * 1024)]),
    ],
    ['a text', 'InvalidFile.Decode', () => Buffer.from('no picture')],
  ])('RecognizeFace refuses %s', async (_, code, bytes) => {
    const file = await bytes();
    const url = await hostFile(serve(file));

    const request = new facebody.RecognizeFaceRequest({ imageURL: url });
    const error = await errorOf(sdk.recognizeFaceWithOptions(request, RUNTIME));

    expect(error).toMatchObject({ code, statusCode: 400 });
  });
});

describe('DetectFace', () => {
  test('DetectFace finds the faces of a picture on another server of this machine', async () => {
    const url = await hostFile(serve(sampleBytes(6)));

    const { body } = await sdk.detectFaceWithOptions(
      new facebody.DetectFaceRequest({ imageURL: url }),
      RUNTIME,
    );

    expect(body!.data!.faceCount).toBe(SAMPLES[6]);
    expect(body!.data!.faceProbabilityList).toEqual(
      [...body!.data!.faceProbabilityList!].sort((a, b) => b - a),
    );
  });

  test('DetectFace returns at most the requested number of faces, without lists that are not wanted', async () => {
    const url = await hostFile(serve(sampleBytes(6)));
    const request = new facebody.DetectFaceRequest({
      imageURL: url,
      maxFaceNumber: 2,
      landmark: false,
      pose: false,
    });

    const { body } = await sdk.detectFaceWithOptions(request, RUNTIME);

    expect(body!.data!.faceCount).toBe(2);
    expect(body!.data!.landmarks).toBeUndefined();
    expect(body!.data!.poseList).toBeUndefined();
    expect(body!.data!.qualities!.scoreList).toHaveLength(2);
  });

  test.each<[why: string, code: string, listener: RequestListener]>([
    ['asks for a signature', 'InvalidImage.DownloadError', (_, response) => response.writeHead(403).end()],
    ['breaks', 'InvalidImage.DownloadError', (request) => request.socket.destroy()],
  ])('DetectFace reports that it could not download from a server that %s', async (_, code, listener) => {
    const url = await hostFile(listener);

    const error = await errorOf(
      sdk.detectFaceWithOptions(new facebody.DetectFaceRequest({ imageURL: url }), RUNTIME),
    );

    expect(error).toMatchObject({ code, statusCode: 400 });
  });

  test.each([
    ['https://photos.oss-cn-shanghai.aliyuncs.com/a.jpg', 'InvalidImage.Region'],
    ['http://10.0.0.1/a.jpg', 'InvalidImage.Region'],
    ['file:///etc/passwd', 'IllegalUrlParameter'],
    ['no url', 'InvalidImage.URL'],
  ])('DetectFace downloads nothing from %s', async (imageURL, code) => {
    const error = await errorOf(
      sdk.detectFaceWithOptions(new facebody.DetectFaceRequest({ imageURL }), RUNTIME),
    );

    expect(error).toMatchObject({ code });
  });

  test('DetectFace answers a picture without a face with an error', async () => {
    const { default: sharp } = await import('sharp');
    const blank = await sharp({ create: { width: 200, height: 200, channels: 3, background: '#777' } })
      .jpeg()
      .toBuffer();

    const request = new facebody.DetectFaceAdvanceRequest({ imageURLObject: streamOf(blank) });
    const error = await errorOf(sdk.detectFaceAdvance(request, RUNTIME));

    expect(error).toMatchObject({ code: 'InvalidImage.NotFoundFace', statusCode: 404 });
  });
});

describe('CompareFace', () => {
  test.each([
    ['one person twice', 0, 0, true],
    ['two people', 0, 1, false],
  ])('CompareFace is sure about %s', async (_, a, b, same) => {
    const request = new facebody.CompareFaceAdvanceRequest({
      imageURLAObject: streamOf(await portrait(1, a)),
      imageURLBObject: streamOf(await portrait(1, b, 0.9)),
    });

    const { body } = await sdk.compareFaceAdvance(request, RUNTIME);

    const { confidence, thresholds } = body!.data!;
    expect(thresholds).toEqual([61, 69, 75]);
    expect(confidence! > thresholds![1]!).toBe(same);
  });

  test('CompareFace accepts pictures in Base64 and gives tips about their quality', async () => {
    const data = (await portrait(1, 0)).toString('base64');
    const request = new facebody.CompareFaceRequest({
      imageDataA: data,
      imageDataB: data,
      qualityScoreThreshold: 100,
    });

    const { body } = await sdk.compareFaceWithOptions(request, RUNTIME);

    expect(body!.data!.confidence).toBeCloseTo(100, 1);
    expect(body!.data!.rectAList).toHaveLength(4);
    expect(body!.data!.landmarksAList).toHaveLength(10);
  });
});

test('BlurFace returns temporary URLs of the picture without recognizable faces', async () => {
  const { server: own, sdk: client } = await start();
  const request = new facebody.BlurFaceAdvanceRequest({ imageURLObject: upload(1) });

  const { body } = await client.blurFaceAdvance(request, RUNTIME);
  const { imageURL, maskURL } = body!.data!;
  const blurred = await decodePhoto(Buffer.from(await (await fetch(imageURL!)).arrayBuffer()));
  const mask = await decodePhoto(Buffer.from(await (await fetch(maskURL!)).arrayBuffer()));
  await own.clock.advance(30 * 60_000);
  const late = await fetch(imageURL!);

  const before = await engine.analyze(await decodeSample(1), { attributes: new Set(), embeddings: true });
  const after = await engine.analyze(blurred, { attributes: new Set(), embeddings: true });
  for (const face of after) {
    for (const known of before) expect(similarity(face.embedding!, known.embedding!)).toBeLessThan(0.45);
  }
  expect([mask.width, mask.height]).toEqual([blurred.width, blurred.height]);
  expect(late.status).toBe(404);
});

describe('face databases', () => {
  const addEntity = (entityId: string, labels?: string) =>
    sdk.addFaceEntity(new facebody.AddFaceEntityRequest({ dbName: DB, entityId, labels }));
  const addFace = async (entityId: string, bytes: Buffer, more: Record<string, unknown> = {}) => {
    const request = { dbName: DB, entityId, imageUrlObject: streamOf(bytes), ...more };
    const { body } = await sdk.addFaceAdvance(new facebody.AddFaceAdvanceRequest(request), RUNTIME);
    return body!.data!;
  };
  const listEntities = async (query: Record<string, unknown> = {}) => {
    const { body } = await sdk.listFaceEntities(
      new facebody.ListFaceEntitiesRequest({ dbName: DB, ...query }),
    );
    return body!.data!;
  };
  beforeEach(() => sdk.createFaceDb(new facebody.CreateFaceDbRequest({ name: DB })));

  test('a face database is listed until it is deleted', async () => {
    await sdk.createFaceDb(new facebody.CreateFaceDbRequest({ name: 'guests' }));

    const before = await sdk.listFaceDbs(new facebody.ListFaceDbsRequest({}));
    await sdk.deleteFaceDb(new facebody.DeleteFaceDbRequest({ name: 'guests' }));
    const after = await sdk.listFaceDbs(new facebody.ListFaceDbsRequest({}));

    expect(before.body!.data!.dbList!.map(({ name }) => name)).toEqual(['guests', DB]);
    expect(after.body!.data!.dbList!.map(({ name }) => name)).toEqual([DB]);
  });

  test('a search finds a person among several, and gives a stranger a low score', async () => {
    for (const [index, entityId] of ['anna', 'berta'].entries()) {
      await addEntity(entityId);
      await addFace(entityId, await portrait(1, index), { extraData: `photo of ${entityId}` });
    }
    const search = async (bytes: Buffer) => {
      const request = { dbName: DB, limit: 2, imageUrlObject: streamOf(bytes) };
      const { body } = await sdk.searchFaceAdvance(new facebody.SearchFaceAdvanceRequest(request), RUNTIME);
      return body!.data!.matchList!;
    };

    const [known] = await search(await portrait(1, 1));
    const [stranger] = await search(await portrait(1, 2));

    expect(known!.faceItems!.map(({ entityId }) => entityId)).toEqual(['berta', 'anna']);
    expect(known!.faceItems![0]).toMatchObject({ dbName: DB, extraData: 'photo of berta' });
    expect(known!.faceItems![0]!.confidence).toBeGreaterThan(90);
    expect(known!.location!.width).toBeGreaterThan(0);
    expect(stranger!.faceItems).toHaveLength(2);
    expect(stranger!.faceItems![0]!.confidence).toBeLessThan(67.87);
  });

  test('an entity lists its faces, and no longer a face that was deleted', async () => {
    await addEntity('anna', 'night-shift,porter');
    const { faceId } = await addFace('anna', await portrait(1, 0));

    const get = () => sdk.getFaceEntity(new facebody.GetFaceEntityRequest({ dbName: DB, entityId: 'anna' }));
    const before = await get();
    await sdk.deleteFace(new facebody.DeleteFaceRequest({ dbName: DB, faceId }));
    const after = await get();

    expect(before.body!.data).toMatchObject({
      dbName: DB,
      entityId: 'anna',
      labels: 'night-shift,porter',
      faces: [{ faceId }],
    });
    expect(after.body!.data!.faces).toEqual([]);
  });

  test('entities are listed in pages by offset and by token, in both orders', async () => {
    for (const id of ['c', 'a', 'e', 'b', 'd']) await addEntity(id);
    const ids = ({ entities = [] }: Awaited<ReturnType<typeof listEntities>>) =>
      entities.map(({ entityId }) => entityId);

    const first = await listEntities({ limit: 2 });
    const second = await listEntities({ limit: 2, token: first.token });
    const byOffset = await listEntities({ limit: 2, offset: 3 });
    const descending = await listEntities({ limit: 2, order: 'desc' });

    expect([ids(first), ids(second), ids(byOffset), ids(descending)]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['d', 'e'],
      ['e', 'd'],
    ]);
    expect([first.totalCount, byOffset.token]).toEqual([5, '']);
  });

  test('entities are listed by prefix and by label, also after an update', async () => {
    await addEntity('team-anna', 'porter');
    await addEntity('team-berta');
    await addEntity('guest-clara', 'porter');
    await sdk.updateFaceEntity(
      new facebody.UpdateFaceEntityRequest({ dbName: DB, entityId: 'team-berta', labels: 'porter' }),
    );

    const found = await listEntities({ entityIdPrefix: 'team-', labels: 'porter' });

    expect(found.entities!.map(({ entityId }) => entityId)).toEqual(['team-anna', 'team-berta']);
  });

  test('a batch adds several faces and reports which ones failed', async () => {
    await addEntity('anna');
    const good = await hostFile(serve(await portrait(1, 0)));
    const bad = await hostFile((_, response) => response.writeHead(404).end());
    const faces = [good, bad].map((imageURL) => ({ imageURL, extraData: 'from the batch' }));

    const { body } = await sdk.batchAddFacesWithOptions(
      new facebody.BatchAddFacesRequest({ dbName: DB, entityId: 'anna', faces }),
      RUNTIME,
    );

    expect(body!.data!.insertedFaces).toMatchObject([{ imageURL: good }]);
    expect(body!.data!.failedFaces).toMatchObject([{ imageURL: bad, code: 'InvalidImage.DownloadError' }]);
  });

  test.each<[guard: string, name: string, threshold: number, entity: string, face: number]>([
    ['a face of low quality', 'qualityScoreThreshold', 100, 'anna', 1],
    ['one that does not look like the entity', 'similarityScoreThresholdInEntity', 60, 'anna', 1],
    ['one that looks like another entity', 'similarityScoreThresholdBetweenEntity', 60, 'berta', 0],
  ])('adding a face is refused: %s', async (_, name, threshold, entity, face) => {
    await addEntity('anna');
    await addEntity('berta');
    await addFace('anna', await portrait(1, 0));

    const bytes = await portrait(name === 'qualityScoreThreshold' ? 2 : 1, face);
    const error = await errorOf(addFace(entity, bytes, { [name]: threshold }));

    expect(error).toMatchObject({ code: 'ClientError.IllegalArgument', statusCode: 400 });
  });

  test('an entity holds at most five faces', async () => {
    await addEntity('anna');
    const bytes = await portrait(1, 0);
    for (let i = 0; i < 5; i++) await addFace('anna', bytes);

    const error = await errorOf(addFace('anna', bytes));

    expect(error).toMatchObject({ code: 'FaceCountExceed' });
  });

  test('a database and an account hold at most the number of faces of the limits', async () => {
    const small = await start({ galleryLimits: { facesPerDb: 1, facesPerEntity: 5, facesPerAccount: 2 } });
    await small.sdk.createFaceDb(new facebody.CreateFaceDbRequest({ name: DB }));
    await small.sdk.addFaceEntity(new facebody.AddFaceEntityRequest({ dbName: DB, entityId: 'anna' }));
    const bytes = await portrait(1, 0);
    const add = () =>
      small.sdk.addFaceAdvance(
        new facebody.AddFaceAdvanceRequest({ dbName: DB, entityId: 'anna', imageUrlObject: streamOf(bytes) }),
        RUNTIME,
      );
    await add();

    const errors = [
      await errorOf(add()),
      await errorOf(
        small.sdk.addFaceEntity(new facebody.AddFaceEntityRequest({ dbName: DB, entityId: 'berta' })),
      ),
    ];

    expect(errors.map(({ code }) => code)).toEqual(['FaceImageCountExceed', 'ExceedEntityLimit']);
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      'DBNameNotExist',
      () => sdk.listFaceEntities(new facebody.ListFaceEntitiesRequest({ dbName: 'nobody' })),
    ],
    ['DBNameNotExist', () => sdk.deleteFaceDb(new facebody.DeleteFaceDbRequest({ name: 'nobody' }))],
    ['DBNameAlreadyExist', () => sdk.createFaceDb(new facebody.CreateFaceDbRequest({ name: DB }))],
    [
      'EntityNotExist',
      () => sdk.getFaceEntity(new facebody.GetFaceEntityRequest({ dbName: DB, entityId: 'x' })),
    ],
    ['EntityNotExist', async () => addFace('x', await portrait(1, 0))],
    ['EntityIdAlreadyExist', () => addEntity('anna').then(() => addEntity('anna'))],
    ['DataNotExist', () => sdk.deleteFace(new facebody.DeleteFaceRequest({ dbName: DB, faceId: '1' }))],
    ['ParameterError', () => addEntity('Anna Müller')],
    ['ParameterError', () => addEntity('a'.repeat(65))],
    ['ParameterError', () => addEntity('anna', Array.from({ length: 11 }, (_, i) => `l${i}`).join())],
  ])('the SDK of face databases receives %s', async (code, call) => {
    const error = await errorOf(call());

    expect(error).toMatchObject({ code });
  });

  test('face databases belong to one account', async () => {
    const other = { accountId: '2', accessKeyId: 'otherKeyId', accessKeySecret: 'otherKeySecret' };
    const shared = await start({ accounts: [FACEBODY_ACCOUNT, other] });
    await shared.sdk.createFaceDb(new facebody.CreateFaceDbRequest({ name: DB }));

    const { body } = await sdkFor(shared.server.endpoint, other).listFaceDbs(
      new facebody.ListFaceDbsRequest({}),
    );

    expect(body!.data!.dbList).toEqual([]);
  });
});

describe('authentication', () => {
  test.each([
    ['InvalidAccessKeyId.NotFound', { accessKeyId: 'nobody' }],
    ['SignatureDoesNotMatch', { accessKeySecret: 'wrong' }],
  ])('a request is refused with %s', async (code, account) => {
    const error = await errorOf(
      sdkFor(server.endpoint, account).listFaceDbs(new facebody.ListFaceDbsRequest({})),
    );

    expect(error).toMatchObject({ code });
  });

  test('a request that is a quarter of an hour old is refused', async () => {
    const late = await start();
    await late.server.clock.advance(15 * 60_000 + 2000);

    const error = await errorOf(late.sdk.listFaceDbs(new facebody.ListFaceDbsRequest({})));

    expect(error).toMatchObject({ code: 'InvalidTimeStamp.Expired' });
  });

  test.each<[why: string, code: string, changes: SignedChanges]>([
    ['without a signature', 'IncompleteSignature', { authorization: 'none' }],
    ['without a date', 'IncompleteSignature', { 'x-acs-date': '' }],
    ['with another body than was signed', 'SignatureDoesNotMatch', { body: 'Limit=2' }],
    ['with a header that was not signed', 'IncompleteSignature', { 'x-acs-extra': '1' }],
    ['of another version', 'InvalidVersion', { 'x-acs-version': '2018-12-03' }],
    ['for an unknown operation', 'InvalidAction.NotFound', { 'x-acs-action': 'SwapFacialFeatures' }],
  ])('a request %s is refused', async (_, code, changes) => {
    const answer = await sendSigned(server, changes);

    expect(await answer.json()).toMatchObject({ Code: code, HostId: server.endpoint });
  });

  test('a request that is sent twice is refused the second time', async () => {
    const nonce = { 'x-acs-signature-nonce': 'once' };

    const answers = [await sendSigned(server, nonce), await sendSigned(server, nonce)];

    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    expect(await answers[1]!.json()).toMatchObject({ Code: 'SignatureNonceUsed' });
  });
});

type SignedChanges = Readonly<Record<string, string>>;
let nonces = 0;

/** `ListFaceDbs` as the SDK sends it, with headers changed before it is signed, and what cannot be signed after. */
function sendSigned({ endpoint, clock }: FaceBodyServer, changes: SignedChanges): Promise<Response> {
  const { body = 'Limit=1', authorization, 'x-acs-extra': extra, ...signed } = changes;
  const headers = {
    host: endpoint,
    'content-type': 'application/x-www-form-urlencoded',
    'x-acs-action': 'ListFaceDbs',
    'x-acs-version': '2019-12-30',
    'x-acs-date': new Date(clock.now()).toISOString(),
    'x-acs-signature-nonce': `nonce-${nonces++}`,
    'x-acs-content-sha256': acs3ContentHash('Limit=1'),
    ...signed,
  };
  const signature = acs3Authorization(FACEBODY_ACCOUNT, { method: 'POST', path: '/', headers });
  const unsigned = { authorization: authorization ?? signature, ...(extra && { 'x-acs-extra': extra }) };
  return fetch(`http://${endpoint}/`, { method: 'POST', headers: { ...headers, ...unsigned }, body });
}

describe('quotas', () => {
  const list = (client: SdkClient) => client.listFaceDbs(new facebody.ListFaceDbsRequest({}));

  test('each operation accepts two requests per second and refuses more at once', async () => {
    const { server: limited, sdk: client } = await start({ quota: 2 });

    const [, , third] = [await list(client), await list(client), await errorOf(list(client))];
    await client.createFaceDb(new facebody.CreateFaceDbRequest({ name: DB }));
    await limited.clock.advance(1000);
    await list(client);

    expect(third).toMatchObject({ code: 'Throttling', statusCode: 400 });
    expect(limited.stats().ListFaceDbs).toEqual({
      received: 4,
      answered: 3,
      failed: { Throttling: 1 },
      busiestSecond: 3,
    });
  });

  test('a quota can be changed while the service runs', async () => {
    const { server: limited, sdk: client } = await start({ quota: 2 });
    limited.quotas.set(1);

    await list(client);
    const second = await errorOf(list(client));

    expect(second).toMatchObject({ code: 'Throttling' });
  });
});

describe('injected faults', () => {
  const list = () => sdk.listFaceDbs(new facebody.ListFaceDbsRequest({}));

  test('an injected error is an error of the service', async () => {
    server.faults.inject('ListFaceDbs', { kind: 'error', code: 'InternalError.Timeout' });

    const error = await errorOf(list());

    expect(error).toMatchObject({ code: 'InternalError.Timeout', statusCode: 500 });
    await list();
  });

  test('injected faults are pages of a gateway, empty answers and broken connections', async () => {
    server.faults.inject('*', { kind: 'page' });
    server.faults.inject('*', { kind: 'empty' });
    server.faults.inject('*', { kind: 'reset' });

    const errors = [await errorOf(list()), await errorOf(list()), await errorOf(list())];

    expect(errors.map(({ name, code }) => code ?? name)).toEqual([
      'SyntaxError',
      'SyntaxError',
      'ECONNRESET',
    ]);
  });

  test('an injected fault is an answer without data', async () => {
    server.faults.inject('ListFaceDbs', { kind: 'no-data' });

    const { body } = await list();

    expect(body!.data).toBeUndefined();
    expect(body!.requestId).toMatch(/^[0-9A-F-]{36}$/);
  });

  test('an injected fault delays the answer', async () => {
    server.faults.inject('ListFaceDbs', { kind: 'latency', ms: 60_000 });
    const late = list();
    while (server.clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));

    await server.clock.advance(60_000);

    expect((await late).statusCode).toBe(200);
  });
});

test('an upload can be downloaded, is refused with a forged policy, and is deleted after a day', async () => {
  const { server: own, sdk: client } = await start();
  const calls: string[] = [];
  const callApi = client.callApi.bind(client);
  client.callApi = (params, request, runtime) => {
    calls.push(String(request.body.ImageURL));
    return callApi(params, request, runtime);
  };
  const recognize = (picture: object) =>
    client.recognizeFaceWithOptions(new facebody.RecognizeFaceRequest(picture), RUNTIME);
  await client.recognizeFaceAdvance(
    new facebody.RecognizeFaceAdvanceRequest({ imageURLObject: upload(1) }),
    RUNTIME,
  );

  const again = await recognize({ imageURL: calls[0] });
  const forged = await fetch(`http://${own.endpoint}/`, {
    method: 'POST',
    body: formOf({ OSSAccessKeyId: 'x', policy: 'e30=', Signature: 'x', key: 'mine' }, sampleBytes(1)),
  });
  const url = calls[0]!.replace('http://.', 'http://');
  const unknown = await fetch(url.replace(/[^/]+$/, '%zz'));
  await own.clock.advance(24 * 60 * 60_000);
  const late = await fetch(url);

  expect(again.body!.data!.faceCount).toBe(SAMPLES[1]);
  expect(await forged.json()).toMatchObject({ Code: 'SignatureDoesNotMatch' });
  expect([unknown.status, late.status]).toEqual([404, 404]);
});

function formOf(fields: Readonly<Record<string, string>>, file: Buffer): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(file)]), 'a.jpg');
  return form;
}
