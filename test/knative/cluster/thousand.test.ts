import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { at } from '../../support/kubernetes/api/types.ts';
import { type SinkRequest, startSinkServer } from '../../support/sink-server.ts';
import { eventually, install, SAMPLE_TOPIC, type Stage, secret, startStage, walkthrough } from './stage.ts';

const UPLOADS = 1000;
const FAILING = 0.1;
/** The sink rejects every fiftieth upload permanently. */
const isPoison = (index: number) => index % 50 === 7;
const SEED = 7;

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
  await install(stage);
  await stage.kubectl('apply -f -', await secret(stage.token));
});

afterAll(() => stage?.stop());

const keyOf = ({ body }: SinkRequest) =>
  String(at(JSON.parse(body.toString()), 'events', 0, 'oss', 'object', 'key'));
const manifest = (kind: string, name: string, spec: object) =>
  JSON.stringify({
    apiVersion: 'eventing.knative.dev/v1',
    kind,
    metadata: { name, namespace: 'default' },
    spec,
  });

test('1,000 uploads reach a sink that fails one time in ten, through Broker and Trigger', async () => {
  const { kubectl, photos, cluster, topic } = stage;
  const random = seededRandom(SEED);
  const processed = new Set<string>();
  let failures = 0;
  const sink = await startSinkServer((response, request) => {
    const key = keyOf(request);
    const fails = random() < FAILING;
    if (fails) failures++;
    else if (!isPoison(indexOf(key))) processed.add(key);
    response.writeHead(fails ? 503 : isPoison(indexOf(key)) ? 400 : 204).end();
  });
  const letters = await startSinkServer((response) => void response.writeHead(204).end());
  const delivery = {
    retry: 10,
    backoffPolicy: 'exponential',
    backoffDelay: 'PT0.05S',
    deadLetterSink: { uri: letters.url },
  };
  await kubectl('apply -f -', manifest('Broker', 'default', { delivery }));
  await kubectl(
    'apply -f -',
    manifest('Trigger', 'all', { broker: 'default', subscriber: { uri: sink.url } }),
  );
  await kubectl('apply -f -', await walkthrough('mnsoss-source.yaml', { [SAMPLE_TOPIC]: topic }));
  await kubectl('wait --for=condition=Ready mnsosssource/mnsoss-face trigger/all --timeout=60s');

  const keys = Array.from({ length: UPLOADS }, (_, index) => `incoming/${index}.jpg`);
  const limit = pLimit(8);
  await Promise.all(keys.map((key) => limit(() => photos.put(key, Buffer.from(key)))));

  const wanted = keys.filter((key) => !isPoison(indexOf(key)));
  const poison = keys.filter((key) => isPoison(indexOf(key)));
  await eventually(() => expect(processed.size).toBe(wanted.length));
  await eventually(() => expect(cluster.knative!.ingress.pending()).toBe(0));
  await eventually(() => expect(new Set(letters.requests.map(keyOf)).size).toBe(poison.length));
  expect([...processed].sort()).toEqual([...wanted].sort());
  expect([...new Set(letters.requests.map(keyOf))].sort()).toEqual([...poison].sort());
  expect(letters.requests.every(({ headers }) => headers['ce-knativeerrorcode'] === '400')).toBe(true);
  expect(failures).toBeGreaterThan(UPLOADS * FAILING * 0.5);
  expect(cluster.knative!.ingress.lost()).toBe(0);
  await sink.close();
  await letters.close();
});

const indexOf = (key: string) => Number(/(\d+)\.jpg$/.exec(key)![1]);
