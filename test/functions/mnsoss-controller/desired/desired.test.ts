import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { POLLER_OPTIONS, readPollerOptions } from '../../../../functions/mns-poller/options.ts';
import { deployment } from '../../../../functions/mnsoss-controller/desired/deployment.ts';
import { sinkBinding } from '../../../../functions/mnsoss-controller/desired/sink-binding.ts';
import { normalizeSink } from '../../../../functions/mnsoss-controller/source/sink.ts';
import type { Source } from '../../../../functions/mnsoss-controller/source/source.ts';
import { readSpec, type SourceSpec } from '../../../../functions/mnsoss-controller/source/spec.ts';
import { faultsOf } from '../../../support/manifests/rules.ts';
import { aBroker, aSource } from '../objects.ts';

const PLAN = {
  image: 'poller:1',
  queue: 'faces',
  deadLetters: 'mns:faces-dead',
  tokenHash: '0123456789abcdef',
};

function aSourceWith(change: object): { source: Source; spec: SourceSpec } {
  const source = aSource(change) as Source;
  const read = readSpec(source.spec);
  if ('faults' in read) throw new Error(read.faults);
  return { source: { ...source, metadata: { ...source.metadata, uid: 'u1' } }, spec: read.spec };
}

interface Container {
  readonly env: readonly { name: string; value?: string }[];
}

const containersOf = (object: ReturnType<typeof deployment>): readonly Container[] =>
  (object.spec as { template: { spec: { containers: Container[] } } }).template.spec.containers;

describe('desired objects', () => {
  test('the desired objects of a source are these', () => {
    const { source, spec } = aSourceWith({ concurrency: 4, ceOverrides: { extensions: { stage: 'test' } } });
    const { destination } = normalizeSink(spec.sink);

    const objects = [sinkBinding(source, spec, destination), deployment(source, spec, PLAN)];

    expect(objects.map((object) => stringify(object)).join('---\n')).toMatchSnapshot();
  });

  test('the desired objects of a source break no rule of Knative or of this project', () => {
    for (const change of [{}, { serviceAccountName: 'mnsoss-sa' }, { queue: 'mine', consumers: 0 }]) {
      const { source, spec } = aSourceWith(change);
      const objects = [
        aBroker(),
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'default', name: 'mnsoss-sa' } },
        { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'default', name: 'mns-token' } },
        sinkBinding(source, spec, normalizeSink(spec.sink).destination),
        deployment(source, spec, PLAN),
      ];

      expect(faultsOf(objects as never)).toEqual([]);
    }
  });

  test.each([
    ['PT0.2S', 1],
    ['PT90S', 90],
    ['PT1H30M', 5_400],
    ['P1DT1M', 86_400],
  ])('the desired objects of a source give the poller %s as %i seconds', (timeout, seconds) => {
    const { source, spec } = aSourceWith({ delivery: { timeout } });
    const [container] = containersOf(deployment(source, spec, PLAN));

    expect(container!.env).toContainEqual({ name: 'SINK_TIMEOUT_SECONDS', value: String(seconds) });
  });

  test('the desired objects of a source give the poller options that it takes', () => {
    const { source, spec } = aSourceWith({
      concurrency: 5,
      batch: 3,
      visibilityTimeout: 60,
      delivery: { retry: 3, timeout: 'PT10S', backoffDelay: 'PT2S', backoffPolicy: 'linear' },
    });
    const env = Object.fromEntries(
      containersOf(deployment(source, spec, PLAN))[0]!.env.map(({ name, value = 'e30=' }) => [name, value]),
    );
    const known = Object.values(POLLER_OPTIONS).map((option) => option.env as string);

    const options = readPollerOptions({ ...env, K_SINK: 'http://sink.example' });

    expect(Object.keys(env).filter((name) => !known.includes(name))).toEqual([]);
    expect(options).toMatchObject({
      queue: 'faces',
      deadLetters: 'mns:faces-dead',
      concurrency: 5,
      prefetch: 3,
      visibilitySeconds: 60,
      maxDequeueCount: 4,
      sinkTimeoutSeconds: 10,
      retryDelaySeconds: 2,
      retryGrowth: 'linear',
    });
  });
});
