import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import type { ResultDocument } from '../../shared/results/document.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Results follow people within this time. */
const SOON = { timeout: 5000, interval: 200 };

test('people of unnamed photos are grouped, named, split, denied, undone and searched from the command line', {
  timeout: 120_000,
}, async () => {
  const dataDir = join(await tempDir(), 'data');
  const photos = (await samplePhotos()).map(({ path }) => path);
  const start = runProgram(['start', '--data-dir', dataDir, '--oss-port', '0', '--mns-port', '0', ...photos]);
  onTestFinished(() => void start.process.kill('SIGKILL'));
  await start.said(/Watching/);
  const run = async (...args: string[]) => {
    const program = runProgram([...args, '--data-dir', dataDir]);
    expect(await program.ended(), program.output()).toBe(0);
    return program.output();
  };
  const people = (...args: string[]) => run('people', ...args);
  const namesOf = async (photo: string) => {
    const text = await run('get', `results/incoming/${photo}/faces.json`, '--output', '-');
    const { faces } = JSON.parse(text) as ResultDocument;
    return faces.flatMap(({ match }) => (match && 'person' in match ? match.person : [])).sort();
  };
  const namesSoon = (photo: string) => expect.poll(() => namesOf(photo), SOON);

  // The largest group: the same woman in several photos.
  const [, line] = (await people('groups')).split('\n');
  const [group, faces, bestFace] = line!.split(/\s+/);
  const photo = /incoming\/(.*)#/.exec(bestFace!)![1]!;
  const named = await people('name', group!, 'Anna');

  expect(Number(faces)).toBeGreaterThan(1);
  expect(named).toMatch(/ is Anna\n$/);
  await namesSoon(photo).toEqual(['Anna']);
  const all = await Promise.all(photos.map((path) => namesOf(path.slice(path.lastIndexOf('/') + 1))));
  expect(all.flat()).toEqual(Array(Number(faces)).fill('Anna'));

  const why = await run('why', `incoming/${photo}`);
  expect(why).toContain('The group is Anna, so the face is Anna.');
  expect(why).toMatch(/No known person may be this face\.\n.*mnsoss-face people name \S+ <person>/);

  await people('not', 'Anna', bestFace!);
  await namesSoon(photo).toEqual([]);
  await people('undo');
  await namesSoon(photo).toEqual(['Anna']);
  await people('split', 'Anna', bestFace!);
  await namesSoon(photo).toEqual([]);
  await people('undo');
  await namesSoon(photo).toEqual(['Anna']);

  const history = await people('history');
  expect(history.split('\n')[0]).toMatch(/ is Anna$/);
  expect(history.match(/ is taken back$/gm)!.length).toBeGreaterThanOrEqual(2);
  expect(await people('search', photos[0]!, '--limit', '1')).toMatch(
    /^oss:\/\/photos\/incoming\/sample1\.jpg#0 {2}(1\.000|0\.99\d) {2}high\n$/,
  );
  expect(await people('calibrate')).toMatch(/^\d+ pairs of faces that are together in a picture\n/);
  expect(await people('apply')).toBe('0 documents read, 0 changed\n');
  expect(await run('backfill', '--dry-run')).toMatch(
    /^0 without a result, 0 by another version of the engine\n/,
  );
  expect(await people('forget', 'Anna')).toMatch(/^sightings /m);
  expect(await people('groups', '--all')).not.toContain('Anna');
});

test('with FaceBody a command about groups says in one sentence why there are none', async () => {
  const dataDir = join(await tempDir(), 'data');
  const env = { ENGINE: 'facebody' };
  const start = runProgram(
    ['start', '--data-dir', dataDir, '--oss-port', '0', '--mns-port', '0', (await samplePhotos())[0]!.path],
    env,
  );
  onTestFinished(() => void start.process.kill('SIGKILL'));
  await start.said(/Watching/);

  const groups = runProgram(['people', 'groups', '--data-dir', dataDir], env);

  expect(await groups.ended()).not.toBe(0);
  expect(groups.output()).toContain('FaceBody gives no embeddings, so faces cannot be grouped');
});
