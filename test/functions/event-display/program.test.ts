import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { startLocalCloud } from '../../../local/cloud.ts';
import { startEntry } from '../../support/child-program.ts';
import { mnsClientOf } from '../../support/cloud-clients.ts';
import { encodeToken } from '../../support/mns-token.ts';
import { NOTIFICATION, PRINTED } from './walkthrough.ts';

const ENTRY = 'functions/event-display/server.ts';

test('poller and event display print a notification as the walk-through shows it', async () => {
  const cloud = await startLocalCloud();
  const client = mnsClientOf(cloud);
  await cloud.mns.ensureQueue('uploads');
  await cloud.mns.ensureQueue('dead');
  await client.queue('uploads').send(Buffer.from(JSON.stringify(NOTIFICATION)).toString('base64'));
  const shown = startEntry(ENTRY, { PORT: '0', TZ: 'Asia/Shanghai' });
  const [, port] = await shown.said(/listening on (\d+)/);

  startEntry('functions/mns-poller/server.ts', {
    MNS_TOKEN: encodeToken({ url: cloud.mns.url, credentials: cloud.credentials }),
    MNS_QUEUE: 'uploads',
    K_SINK: `http://127.0.0.1:${port}/`,
    DEAD_LETTERS: 'mns:dead',
    PORT: '0',
  });
  await shown.said(/\}\]\}\n/);
  shown.process.kill('SIGTERM');

  expect(await shown.ended()).toBe(0);
  const [line, ...data] = shown.stdout().split('\n');
  expect(line).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d receive cloudevents\.Event:$/);
  expect(data.join('\n')).toBe(PRINTED);
  client.close();
  await cloud.close();
});

test('the event display names an invalid setting without a stack', async () => {
  const program = startEntry(ENTRY, { PORT: 'many' });

  expect(await program.ended()).toBe(1);
  expect(program.stderr()).toMatch(/^ConfigInvalid: PORT .*\n$/);
});

test('the event display loads no package but the one that checks its settings', async () => {
  const { metafile } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'none',
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });

  const packages = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(new Set(packages.filter((path) => !path.startsWith('node:')))).toEqual(new Set(['zod/mini']));
});
