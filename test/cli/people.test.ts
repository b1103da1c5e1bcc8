import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import { startLocalCloud } from '../../local/cloud.ts';
import { createFaceBodyGallery } from '../../shared/faces/gallery/facebody/gallery.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { clientOf } from '../shared/faces/engines/facebody/support.ts';
import { ossClientOf } from '../support/cloud-clients.ts';
import { sampleBytes } from '../support/photos.ts';
import { portrait as aPortrait } from '../support/portrait.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

test('people commands list, find, rename, export and forget people of a running cloud', {
  timeout: 120_000,
}, async () => {
  const folder = await tempDir();
  const dataDir = join(folder, 'data');
  const sample = (await samplePhotos())[0]!.path;
  const portrait = join(folder, 'people/guest/portrait.jpg');
  await mkdir(join(portrait, '..'), { recursive: true });
  await writeFile(portrait, await aPortrait());
  const start = runProgram(['start', '--data-dir', dataDir, '--oss-port', '0', '--mns-port', '0', portrait]);
  onTestFinished(() => void start.process.kill('SIGKILL'));
  await start.said(/Watching/);
  const run = async (...args: string[]) => {
    const program = runProgram([...args, '--data-dir', dataDir]);
    expect(await program.ended(), program.output()).toBe(0);
    return program.output();
  };

  await run('put', '--prefix', 'people/', join(folder, 'people'));
  await start.said(/people\/guest\/portrait\.jpg {2}enrolled/);
  await run('put', sample);
  await start.said(/incoming\/sample1\.jpg {2}processed/);

  expect(await run('people', 'list')).toBe('guest  1\n');
  expect(await run('people', 'find', 'guest')).toMatch(
    // The portrait was processed before the guest was enrolled.
    // The portrait was processed before the guest was enrolled.
    /^oss:\/\/photos\/incoming\/portrait\.jpg {2}face 0 {2}\S+\noss:\/\/photos\/incoming\/sample1\.jpg {2}face \d {2}0\.\d+\n$/,
  );
  expect(await run('people', 'verify', portrait, portrait)).toBe('one person  1.000  high\n');
  expect(await run('people', 'rename', 'guest', 'visitor')).toContain('photo people/visitor/portrait.jpg');
  expect(await run('people', 'list')).toBe('visitor  1\n');
  expect(JSON.parse(await run('people', 'export'))).toMatchObject({ person: 'visitor', outcome: 'enrolled' });
  expect(await run('people', 'enrol', '--again')).toBe('1 photos: 1 enrolled, 0 unchanged\n');
  const forgotten = await run('people', 'forget', 'visitor');
  expect(forgotten).toMatch(/^faces /m);
  expect(forgotten).toMatch(/^matches results\/incoming\/sample1\.jpg\/faces\.json#\d$/m);
  expect(await run('people', 'forget', 'visitor')).toBe('nothing is left of visitor\n');
});

describe('people --remote', () => {
  /** A cloud that the command line knows by the environment alone, as it would know Alibaba's. */
  async function openCloud() {
    const cloud = await startLocalCloud({ region: 'cn-shanghai', facebodyQuota: 1000 });
    onTestFinished(() => cloud.close());
    const credentials = staticCredentials(cloud.credentials);
    const client = ossClientOf(cloud);
    onTestFinished(() => client.close());
    await client.createBucket('photos');
    const env = {
      REGION: cloud.region,
      OSS_ENDPOINT: cloud.oss.url,
      ALIBABA_CLOUD_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: cloud.credentials.accessKeySecret,
      ENGINE: 'facebody',
      GALLERY: 'facebody',
      FACEBODY_ENDPOINT: cloud.facebody.endpoint,
      FACEBODY_UPLOAD_ENDPOINT: cloud.facebody.endpoint,
      FACEBODY_PROTOCOL: 'HTTP',
      FACEBODY_QPS: '1000',
    };
    const people = (...args: string[]) => runProgram(['people', ...args, '--remote', 'photos'], env);
    const run = async (...args: string[]) => {
      const program = people(...args);
      expect(await program.ended(), program.output()).toBe(0);
      return program.output();
    };
    const gallery = createFaceBodyGallery({
      client: clientOf(cloud.facebody.endpoint, { credentials }),
      database: 'mnsoss_face',
    });
    return { photos: client.bucket('photos'), people, run, gallery };
  }

  test('people enrol --again rebuilds a face database that FaceBody deleted', {
    timeout: 120_000,
  }, async () => {
    const { photos, run, gallery } = await openCloud();
    await photos.put('people/guest/portrait.jpg', await aPortrait());
    await photos.put('people/all/group.jpg', sampleBytes(1));

    const first = await run('enrol');
    await gallery.clear();
    const forgotten = await run('list');
    const again = await run('enrol', '--again');

    const refused = 'refused people/all/group.jpg: several-faces\n';
    expect(first).toBe(`2 photos: 1 enrolled, 0 unchanged\n${refused}`);
    expect(forgotten).toBe('');
    expect(again).toBe(`2 photos: 1 enrolled, 0 unchanged\n${refused}`);
    expect(await run('list')).toBe('guest  1\n');
    expect(await run('rename', 'guest', 'visitor')).toContain('photo people/visitor/portrait.jpg\n');
    expect(await run('list')).toBe('visitor  1\n');
    expect(await run('forget', 'visitor')).toContain('photos people/visitor/portrait.jpg\n');
    expect(await run('forget', 'visitor')).toBe('nothing is left of visitor\n');
  });

  test('people verify --remote compares two photos by CompareFace', async () => {
    const { people } = await openCloud();
    const folder = await tempDir();
    const [one, other] = [join(folder, 'one.jpg'), join(folder, 'other.jpg')];
    await writeFile(one, await aPortrait());
    await writeFile(other, sampleBytes(2));

    const compared = people('verify', one, other);

    expect(await compared.ended()).toBe(1);
    expect(compared.output()).toMatch(/^two people {2}0\.\d{3}\n$/);
  });
});
