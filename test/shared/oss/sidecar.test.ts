import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSidecars } from '../../../shared/oss/sidecar.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidecar-'));
});
afterEach(() => rm(directory, { recursive: true }));

const describing = (etag: string) => ({ etag, contentType: 'image/jpeg', metadata: { a: '1' } });

async function file(name: string, content: string) {
  const path = join(directory, name);
  await writeFile(path, content);
  return { path, stats: await stat(path) };
}

it('belongs to the file that it was written for, and to no other', async () => {
  const sidecars = createSidecars(join(directory, 'meta'));
  const { path, stats } = await file('a', 'first');
  await sidecars.write('k', stats, describing('ONE'));

  const ofSame = await sidecars.read('k', stats);
  await writeFile(path, 'changed');
  const ofChanged = await sidecars.read('k', await stat(path));

  expect(ofSame).toMatchObject(describing('ONE'));
  expect(ofChanged).toBeUndefined();
});

it('is found at every moment of a replacement, for whichever file is there', async () => {
  const sidecars = createSidecars(join(directory, 'meta'));
  const old = await file('object', 'old');
  await sidecars.write('k', old.stats, describing('OLD'));
  const next = await file('received', 'next');
  const seen: (string | undefined)[] = [];
  const look = async () => {
    const sidecar = await sidecars.read('k', await stat(old.path));
    seen.push(sidecar?.etag);
  };

  await sidecars.write('k', next.stats, describing('NEXT'), async () => {
    await look();
    await rename(next.path, old.path);
    await look();
  });
  await look();

  expect(seen).toEqual(['OLD', 'NEXT', 'NEXT']);
});

it('stays as it was when the file cannot be replaced', async () => {
  const sidecars = createSidecars(join(directory, 'meta'));
  const old = await file('object', 'old');
  await sidecars.write('k', old.stats, describing('OLD'));
  const next = await file('received', 'next');

  const write = sidecars.write('k', next.stats, describing('NEXT'), async () => {
    throw new Error('no space left');
  });

  await expect(write).rejects.toThrow('no space left');
  await expect(sidecars.read('k', old.stats)).resolves.toMatchObject(describing('OLD'));
  await expect(sidecars.read('k', next.stats)).resolves.toBeUndefined();
});
