import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleBytes } from '../../support/photos.ts';
import { eventually, install, ossCredentials, type Stage, secret, startStage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});

afterAll(() => stage?.stop());

test('the unchanged manifests write a result for an upload and display its reply', async () => {
  const { kubectl, photos, topic, token } = stage;
  await install(stage);
  await kubectl('apply -f -', await secret(token));
  await kubectl('apply -f -', ossCredentials(stage));
  const manifests = await kubectl('kustomize test/knative/faces');
  await kubectl('apply -f -', manifests.replace('mns-en-topics-oss-photos', topic));
  await kubectl('wait --for=condition=Ready mnsosssource/mnsoss-face broker/default --timeout=60s');
  await kubectl('wait --for=condition=Ready ksvc --all --timeout=60s');
  await kubectl('wait --for=condition=Ready trigger --all --timeout=60s');

  await photos.put('incoming/a.jpg', sampleBytes(4), { contentType: 'image/jpeg' });

  const { body } = await eventually(() => photos.get('results/incoming/a.jpg/faces.json'));
  const document = JSON.parse(Buffer.concat(await body.toArray()).toString()) as { faces: unknown[] };
  expect(document.faces).toHaveLength(4);
  await eventually(async () => {
    expect(await stage.logs('event-display')).toContain('"key": "results/incoming/a.jpg/faces.json"');
  });
  expect(await stage.logs('dead-letters')).not.toContain('receive');

  await photos.delete('incoming/a.jpg');

  await eventually(async () =>
    expect(await photos.head('results/incoming/a.jpg/faces.json').catch(() => undefined)).toBeUndefined(),
  );
});
