import { readFile } from 'node:fs/promises';
import sharp, { type Region } from 'sharp';
import { expect, it } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import type { ResultDocument } from '../../shared/results/document.ts';
import { startApp, type TestApp } from '../support/app.ts';

/** The face of one person in a sample photo, with enough around it to be a portrait; pixels of that photo. */
async function portrait(photo: string, region: Region): Promise<Buffer> {
  const sample = (await samplePhotos()).find(({ name }) => name === photo)!;
  return sharp(await readFile(sample.path))
    .extract(region)
    .jpeg({ quality: 92 })
    .toBuffer();
}

async function put(app: TestApp, key: string, bytes: Buffer) {
  const watch = app.outcomes.watch(key);
  const { requestId } = await app.bucket.put(key, bytes);
  return watch.of(requestId);
}

async function documentOf(app: TestApp, key: string): Promise<ResultDocument> {
  const { body } = await app.bucket.get(`results/${key}/faces.json`);
  return JSON.parse(Buffer.concat(await body.toArray()).toString()) as ResultDocument;
}

it('knows a person by an uploaded portrait, names nobody else, and forgets with the portrait', async () => {
  const app = await startApp();
  const photo = await readFile((await samplePhotos())[0]!.path);

  const refused = await put(app, 'people/everybody/group.jpg', photo);
  const enrolled = await put(
    app,
    'people/right-most/portrait.jpg',
    await portrait('sample1.jpg', RIGHT_MOST),
  );
  await put(app, 'incoming/party.jpg', photo);

  expect(refused).toMatchObject({ outcome: 'refused', reason: 'several-faces' });
  expect(enrolled).toMatchObject({ outcome: 'enrolled', person: 'right-most' });
  const { faces } = await documentOf(app, 'incoming/party.jpg');
  const byPosition = faces.toSorted((left, right) => left.box.x - right.box.x).map(({ match }) => match);
  expect(byPosition).toEqual([
    { unknown: true, bestScore: expect.any(Number) },
    { unknown: true, bestScore: expect.any(Number) },
    { person: 'right-most', confidence: expect.any(Number), level: 'high' },
  ]);

  const watch = app.outcomes.watch('people/right-most/portrait.jpg');
  await app.bucket.delete('people/right-most/portrait.jpg');
  await expect.poll(() => app.seen.at(-1)?.outcome.outcome, { timeout: 10_000 }).toBe('gone');
  watch.close();
  await put(app, 'incoming/later.jpg', photo);

  const later = await documentOf(app, 'incoming/later.jpg');
  expect(later.faces.map(({ match }) => match)).toEqual([
    { unknown: true },
    { unknown: true },
    { unknown: true },
  ]);
});

const RIGHT_MOST = { left: 1330, top: 60, width: 560, height: 700 };
