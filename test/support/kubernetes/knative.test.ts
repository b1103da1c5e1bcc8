import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type SinkRequest, startSinkServer } from '../sink-server.ts';
import { at, type Tree } from './api/types.ts';
import type { Client } from './client/client.ts';
import { type KnownResource, RESOURCES } from './client/resources.ts';
import { startCluster } from './index.ts';
import { milliseconds } from './knative/delivery.ts';
import { type Filter, passes } from './knative/filters.ts';
import { aDeployment } from './widgets.ts';

/** A sink that records its events. */
const DISPLAY = `
  require('node:http').createServer((request, response) => {
    console.log('got ' + request.headers['ce-id']);
    response.writeHead(204).end();
  }).listen(process.env.PORT);
  process.on('SIGTERM', () => process.exit(0));
`;

async function aCluster() {
  const cluster = await startCluster({ images: { display: { command: [process.execPath, '-e', DISPLAY] } } });
  onTestFinished(() => cluster.stop());
  return { ...cluster, kubelet: cluster.kubelet!, knative: cluster.knative! };
}

async function aSink(
  answer: (request: SinkRequest) => { status: number; headers?: Record<string, string>; body?: string },
) {
  const sink = await startSinkServer((response, request) => {
    const { status, headers, body } = answer(request);
    response.writeHead(status, headers).end(body);
  });
  onTestFinished(() => sink.close());
  return sink;
}

const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 25 });

/** Waits until an object is ready and returns it. */
async function ready(client: Client, resource: KnownResource, name: string) {
  return vi.waitFor(
    async () => {
      const object = await client.get(resource, 'default', name);
      const conditions = at(object, 'status', 'conditions');
      expect(conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
      return object!;
    },
    { timeout: 20_000, interval: 25 },
  );
}

async function aBroker(client: Client, spec: Tree = {}): Promise<string> {
  await client.create(RESOURCES.brokers, { metadata: { name: 'default', namespace: 'default' }, spec });
  return String(at(await ready(client, RESOURCES.brokers, 'default'), 'status', 'address', 'url'));
}

async function aTrigger(client: Client, name: string, spec: Tree) {
  await client.create(RESOURCES.triggers, {
    metadata: { name, namespace: 'default' },
    spec: { broker: 'default', ...spec },
  });
  await ready(client, RESOURCES.triggers, name);
}

const send = (url: string, id: string, type = 'oss:ObjectCreated:PutObject') =>
  fetch(url, {
    method: 'POST',
    headers: {
      'ce-id': id,
      'ce-type': type,
      'ce-source': 'acs.oss',
      'ce-specversion': '1.0',
      'content-type': 'application/json',
    },
    body: '{ "a": 1 }',
  });

const idOf = ({ headers }: SinkRequest) => String(headers['ce-id']);
const quickly = { retry: 2, backoffPolicy: 'linear', backoffDelay: 'PT0.01S' };

describe('Broker and Trigger', () => {
  test('Broker and Trigger deliver an event to a Service that runs as a child process', async () => {
    const { client, kubelet } = await aCluster();
    const url = await aBroker(client);
    const template = { spec: { containers: [{ image: 'example.org/display:1' }] } };
    await client.create(RESOURCES.services, {
      metadata: { name: 'display', namespace: 'default' },
      spec: { template },
    });
    const ref = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'display' };
    await aTrigger(client, 'created', {
      filters: [{ prefix: { type: 'oss:ObjectCreated:' } }],
      subscriber: { ref },
    });

    const answers = [
      await send(url, '1'),
      await send(url, '2', 'oss:ObjectRemoved:DeleteObject'),
      await send(url, '3'),
    ];

    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    await soon(() => expect(kubelet.logs('serving.knative.dev/service', 'display')).toContain('got 3'));
    expect(kubelet.logs('serving.knative.dev/service', 'display')).not.toContain('got 2');
  });

  test('a Trigger retries what may succeed later, and dead-letters what never succeeds or too late', async () => {
    const { client, knative } = await aCluster();
    const letters = await aSink(() => ({ status: 202 }));
    const codes: Record<string, number[]> = {
      fine: [204],
      later: [503, 429, 204],
      poison: [400],
      hopeless: [500, 500, 500],
    };
    const sink = await aSink((request) => ({
      status: codes[idOf(request)]!.shift()!,
      body: request.headers['ce-id'] === 'poison' ? 'no\nway' : '',
    }));
    const url = await aBroker(client, { delivery: { ...quickly, deadLetterSink: { uri: letters.url } } });
    await aTrigger(client, 'all', { subscriber: { uri: sink.url } });

    for (const id of Object.keys(codes)) await send(url, id);
    await soon(() => expect(letters.requests).toHaveLength(2));
    await soon(() => expect(knative.ingress.pending()).toBe(0));

    expect(codes).toEqual({ fine: [], later: [], poison: [], hopeless: [] });
    expect(
      letters.requests.map(({ headers, body }) => [
        headers['ce-id'],
        headers['ce-knativeerrorcode'],
        headers['ce-knativeerrordest'],
        String(body),
      ]),
    ).toEqual([
      ['poison', '400', sink.url, '{ "a": 1 }'],
      ['hopeless', '500', sink.url, '{ "a": 1 }'],
    ]);
    expect(knative.ingress.lost()).toBe(0);
  });

  test('a Trigger forwards replies, and an answer that is neither empty nor an event is a failure', async () => {
    const { client, knative } = await aCluster();
    const reply = { 'ce-id': 'reply', 'ce-type': 'faces', 'ce-source': 'us', 'ce-specversion': '1.0' };
    const sink = await aSink((request) =>
      idOf(request) === 'good' ? { status: 200, headers: reply } : { status: 200, body: '{"ok":true}' },
    );
    const replies = await aSink(() => ({ status: 204 }));
    const url = await aBroker(client, { delivery: { ...quickly, retry: 1 } });
    await aTrigger(client, 'images', {
      filter: { attributes: { type: 'oss:ObjectCreated:PutObject' } },
      subscriber: { uri: sink.url },
    });
    await aTrigger(client, 'faces', {
      filters: [{ exact: { type: 'faces' } }],
      subscriber: { uri: replies.url },
    });

    await send(url, 'good');
    await send(url, 'talkative');
    await soon(() => expect(replies.requests.map(idOf)).toEqual(['reply']));
    await soon(() => expect(knative.ingress.pending()).toBe(0));

    expect(sink.requests.map(idOf).sort()).toEqual(['good', 'talkative', 'talkative']);
    expect(knative.ingress.lost()).toBe(1);
  });

  test('Broker and Trigger are not ready, with a reason, while a reference is missing', async () => {
    const { client } = await aCluster();
    const subscriber = { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'nobody' } };
    await client.create(RESOURCES.triggers, {
      metadata: { name: 'lost', namespace: 'default' },
      spec: { broker: 'default', subscriber },
    });
    const reason = async () => {
      const conditions = (at(
        await client.get(RESOURCES.triggers, 'default', 'lost'),
        'status',
        'conditions',
      ) ?? []) as Tree[];
      return conditions.find(({ type, status }) => type !== 'Ready' && status === 'False')?.reason;
    };

    await soon(async () => expect(await reason()).toBe('BrokerDoesNotExist'));
    await aBroker(client);

    await soon(async () => expect(await reason()).toBe('NotFound'));
  });
});

describe('SinkBinding', () => {
  test('a SinkBinding writes the address of the sink into its subject, and removes it when it is deleted', async () => {
    const { client } = await aCluster();
    await client.create(RESOURCES.deployments, aDeployment('example.org/display:1'));
    const sink = { ref: { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: 'default' } };
    const subject = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echo' };
    const ceOverrides = { extensions: { team: 'a' } };
    await client.create(RESOURCES.sinkBindings, {
      metadata: { name: 'bind', namespace: 'default' },
      spec: { subject, sink, ceOverrides },
    });
    const env = async () => {
      const deployment = await client.get(RESOURCES.deployments, 'default', 'echo');
      return at(deployment, 'spec', 'template', 'spec', 'containers', 0, 'env');
    };
    const own = { name: 'A', value: '1' };

    await soon(async () =>
      expect(
        at(await client.get(RESOURCES.sinkBindings, 'default', 'bind'), 'status', 'conditions'),
      ).toContainEqual(
        expect.objectContaining({
          type: 'SinkProvided',
          status: 'False',
          message: 'Broker "default" not found',
        }),
      ),
    );
    expect(await env()).toEqual([own]);
    const url = await aBroker(client);
    await ready(client, RESOURCES.sinkBindings, 'bind');
    expect(await env()).toEqual([
      own,
      { name: 'K_SINK', value: url },
      { name: 'K_CE_OVERRIDES', value: '{"extensions":{"team":"a"}}' },
    ]);
    await client.remove(RESOURCES.sinkBindings, 'default', 'bind');
    await soon(async () => expect(await env()).toEqual([own]));
  });
});

describe('ContainerSource', () => {
  test('a ContainerSource is a Deployment and a SinkBinding, and is ready when both are', async () => {
    const { client, kubelet } = await aCluster();
    const sink = await aSink(() => ({ status: 204 }));
    const template = {
      spec: {
        containers: [{ name: 'source', image: 'example.org/display:1', ports: [{ containerPort: 8080 }] }],
      },
    };
    await client.create(RESOURCES.containerSources, {
      metadata: { name: 'source', namespace: 'default' },
      spec: { template, sink: { uri: sink.url } },
    });

    const source = await ready(client, RESOURCES.containerSources, 'source');

    expect(at(source, 'status', 'sinkUri')).toBe(sink.url);
    expect(kubelet.logs('sources.knative.dev/containerSource', 'source')).toBe('');
  });
});

describe('Trigger filter', () => {
  const event = {
    type: 'oss:ObjectCreated:PutObject',
    subject: 'acs:oss:cn-hangzhou:1:photos/incoming/a.jpg',
  };
  test.each<[string, Filter, boolean]>([
    ['exact', { exact: { type: 'oss:ObjectCreated:PutObject' } }, true],
    ['exact, of two attributes', { exact: { type: 'oss:ObjectCreated:PutObject', subject: 'b' } }, false],
    ['prefix', { prefix: { type: 'oss:ObjectCreated:' } }, true],
    ['suffix', { suffix: { subject: '.png' } }, false],
    ['of an attribute that is not there', { prefix: { extension: '' } }, false],
    ['all', { all: [{ prefix: { type: 'oss:' } }, { suffix: { subject: '.jpg' } }] }, true],
    ['any', { any: [{ exact: { type: 'x' } }, { suffix: { subject: '.jpg' } }] }, true],
    ['not', { not: { suffix: { subject: '.jpg' } } }, false],
  ])('a filter by %s selects the right events', (_, filter, wanted) => {
    expect(passes({ filters: [filter] }, event)).toBe(wanted);
  });

  test('the newer filters override the older form, which knows equality and presence', () => {
    expect(passes({ filter: { attributes: { type: '' } } }, event)).toBe(true);
    expect(passes({ filter: { attributes: { type: 'x' } } }, event)).toBe(false);
    expect(
      passes({ filters: [{ prefix: { type: 'oss:' } }], filter: { attributes: { type: 'x' } } }, event),
    ).toBe(true);
  });

  test('a filter in two dialects, or in CESQL, is rejected', async () => {
    const { client } = await aCluster();
    const filters = [{ exact: { type: 'a' }, prefix: { type: 'b' } }];
    const spec = { broker: 'default', filters, subscriber: { uri: 'http://127.0.0.1' } };

    await expect(
      client.create(RESOURCES.triggers, { metadata: { name: 'two', namespace: 'default' }, spec }),
    ).rejects.toThrow('at most 1 items');
    expect(() => passes({ filters: [{ cesql: 'TRUE' }] }, event)).toThrow('not supported');
  });
});

test('durations are parsed', () => {
  expect(['PT0.2S', 'PT1M', 'P1DT1H'].map(milliseconds)).toEqual([200, 60_000, 90_000_000]);
});
