import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repairDataFolder, verifyDataFolder } from '../../../local/check-data.ts';
import type { Damage } from '../../../local/disk/data-folder.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { deploy, fcClientOf, invoke, models, openCloud, versionCode } from './deployed.ts';

test('a function whose file is damaged is set aside and named, and the others are there', async () => {
  const dataDir = await tempDir();
  const cloud = await openCloud({ dataDir });
  const client = fcClientOf(cloud);
  await deploy(client, versionCode('one'), { functionName: 'broken' });
  await deploy(client, versionCode('one'), { functionName: 'whole' });
  await cloud.close();
  const file = join(dataDir, 'fc/functions/broken.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('index.handler', 'index.handles'));
  const found: Damage[] = [];

  await verifyDataFolder(dataDir, (damage) => found.push(damage));
  const later = fcClientOf(await openCloud({ dataDir }));
  const { body } = await later.listFunctions(new models.ListFunctionsRequest());

  expect(found).toMatchObject([{ what: 'fc/functions/broken.json', problem: 'is damaged' }]);
  expect(body!.functions!.map(({ functionName }: models.Function) => functionName)).toEqual(['whole']);
  expect(await readFile(join(dataDir, 'set-aside/fc-functions-broken.json'), 'utf8')).toContain('handles');
  expect((await invoke(later, 'hello', { name: 'whole' })).text).toBe('one:hello');
});

test('a folder with deployed functions has nothing to verify or to repair', async () => {
  const dataDir = await tempDir();
  const cloud = await openCloud({ dataDir });
  await deploy(fcClientOf(cloud), versionCode('one'));
  await invoke(fcClientOf(cloud), 'hello', { async: true });
  await (await cloud.fc.functions()).settled();
  await cloud.close();
  const found: Damage[] = [];

  await verifyDataFolder(dataDir, (damage) => found.push(damage));
  await repairDataFolder(dataDir, (damage) => found.push(damage));

  expect(found).toEqual([]);
});
