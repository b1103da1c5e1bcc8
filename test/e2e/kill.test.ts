import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import { type Connection, readConnection } from '../../local/start/connection.ts';
import type { OssClient } from '../../shared/oss/client.ts';
import type { ResultDocument } from '../../shared/results/document.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { seededRandom } from '../../shared/runtime/random.ts';
import type { ChildProgram } from '../support/child-program.ts';
import { mnsClientOf, ossClientOf } from '../support/cloud-clients.ts';
import { anEvent } from '../support/events.ts';
import { runProgram } from '../support/program.ts';
import { recognitionInMemory } from '../support/recognition.ts';
import { tempDir } from '../support/temp-dir.ts';

const UPLOADS = 100;
const KILLS = 12;
const SEED = 20_260_101;

const keyOf = (index: number) => `incoming/${index}.jpg`;

interface Running {
  readonly program: ChildProgram;
  readonly connection: Required<Connection>;
  readonly oss: OssClient;
}

async function start(dataDir: string, firstPhoto: string): Promise<Running> {
  const program = runProgram(
    ['start', '--data-dir', dataDir, '--oss-port', '0', '--mns-port', '0', firstPhoto],
    { GALLERY: 'off' },
  );
  await program.said(/Watching/);
  const connection = (await readConnection(dataDir)) as Required<Connection>;
  return { program, connection, oss: ossClientOf(connection) };
}

/** Small photos, each a little different, so that every upload has a content of its own. */
async function smallPhotos(): Promise<Buffer[]> {
  const samples = await Promise.all((await samplePhotos()).map(({ path }) => readFile(path)));
  return Promise.all(
    Array.from({ length: UPLOADS }, (_, index) =>
      sharp(samples[index % samples.length])
        .resize(320 + index)
        .jpeg()
        .toBuffer(),
    ),
  );
}

async function documentOf({ oss, connection }: Running, key: string): Promise<ResultDocument | undefined> {
  const store = oss.bucket(connection.bucket);
  const document = `results/${key}/faces.json`;
  if (!(await store.head(document))) return undefined;
  const { body } = await store.get(document);
  return JSON.parse(Buffer.concat(await body.toArray()).toString()) as ResultDocument;
}

/** What must be equal however often the process died; only the identity of the write differs. */
function comparable({ outcome, source, engine, faces }: ResultDocument): unknown {
  const { sha256, width, height } = source;
  return { outcome, sha256, width, height, engine, faces: faces.map(({ crop, ...face }) => face) };
}

test('npm start loses no upload when it is killed at random points of 100 uploads', {
  timeout: 240_000,
}, async () => {
  const random = seededRandom(SEED);
  const folder = await tempDir();
  const dataDir = join(folder, 'data');
  const blank = join(folder, 'blank.png');
  await writeFile(
    blank,
    await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
      .png()
      .toBuffer(),
  );
  const photos = await smallPhotos();
  let running = await start(dataDir, blank);
  onTestFinished(() => void running.program.process.kill('SIGKILL'));

  /** Uploads until the answer is there, across however many lives of the process. */
  const upload = async (index: number): Promise<void> => {
    for (;;) {
      const { oss, connection } = running;
      try {
        await oss.bucket(connection.bucket).put(keyOf(index), photos[index]!);
        return;
      } catch {
        await systemClock.sleep(20);
      }
    }
  };
  const uploading = (async () => {
    for (let index = 0; index < UPLOADS; index++) {
      await upload(index);
      await systemClock.sleep(random() * 100);
    }
  })();
  for (let kill = 0; kill < KILLS; kill++) {
    await systemClock.sleep(50 + random() * 900);
    running.program.process.kill('SIGKILL');
    expect(await running.program.ended()).toBe('SIGKILL');
    running = await start(dataDir, blank);
  }
  await uploading;

  const reference = await undisturbed(photos);
  const missing = new Set(photos.keys());
  const documents: ResultDocument[] = [];
  for (const deadline = Date.now() + 150_000; missing.size > 0 && Date.now() < deadline; ) {
    for (const index of missing) {
      const document = await documentOf(running, keyOf(index));
      if (!document) continue;
      documents[index] = document;
      missing.delete(index);
    }
    await systemClock.sleep(200);
  }

  expect([...missing]).toEqual([]);
  expect(documents.map(comparable)).toEqual(reference.map(comparable));
  await expect.poll(() => messagesLeft(running), { timeout: 60_000, interval: 500 }).toBe(0);
  expect(await keysBelow(running, 'dead-letters/')).toEqual([]);
});

/** The results of the same photos without a cloud, a queue or a kill. */
async function undisturbed(photos: readonly Buffer[]): Promise<ResultDocument[]> {
  const { store, pipeline, close } = recognitionInMemory();
  const documents: ResultDocument[] = [];
  for (const [index, photo] of photos.entries()) {
    const key = keyOf(index);
    const { requestId } = await store.put(key, photo);
    const outcome = await pipeline(anEvent({ key, requestId }));
    const { body } = await store.get((outcome as { document: string }).document);
    documents.push(JSON.parse(Buffer.concat(await body.toArray()).toString()) as ResultDocument);
  }
  await close();
  return documents;
}

async function messagesLeft({ connection }: Running): Promise<number> {
  const mns = mnsClientOf(connection);
  const { activeMessages, inactiveMessages, delayMessages } = await mns.queue(connection.queue).attributes();
  mns.close();
  return activeMessages + inactiveMessages + delayMessages;
}

async function keysBelow({ oss, connection }: Running, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of oss.bucket(connection.bucket).list({ prefix })) keys.push(key);
  return keys;
}
