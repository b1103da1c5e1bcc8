import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleBytes } from '../../support/photos.ts';
import { eventually, ossCredentials, type Stage, secret, startStage } from './stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await startStage();
});

afterEach(() => stage?.stop());

const DISPLAY = 'logs --tail=-1 -l serving.knative.dev/service=event-display';

test.each(['sink-binding', 'container-source'])(
  'the poller works without a controller, with a %s',
  async (variant) => {
    const { cloud, kubectl, photos, topic, token } = stage;
    await cloud.mns.ensureQueue('face-uploads-dead');
    await kubectl('apply -f -', await secret(token));
    await kubectl('apply -f -', ossCredentials(stage));
    const manifests = await kubectl(`kustomize knative/overlays/${variant}`);
    await kubectl('apply -f -', manifests.replaceAll('mns-en-topics-oss-photos', topic));
    await kubectl(`wait --for=condition=Ready ${variant.replace('-', '')} --all --timeout=60s`);
    await kubectl('wait --for=condition=Ready ksvc --all --timeout=60s');
    await kubectl('wait --for=condition=Ready trigger --all --timeout=60s');

    await photos.put('incoming/team.jpg', sampleBytes(1), { contentType: 'image/jpeg' });

    await eventually(async () => expect(await kubectl(DISPLAY)).toContain('"faces": 3'));
    const displayed = (await kubectl(DISPLAY)).split(/^.* receive cloudevents\.Event:\n/m).slice(1);
    expect(
      displayed.map((text) => Object.keys(JSON.parse(text.slice(0, text.lastIndexOf('}') + 1)))),
    ).toEqual([['events'], ['bucket', 'key', 'result', 'faces', 'known', 'unknown']]);
  },
);
