import { describe, expect, it } from 'vitest';
import { normalizeSink } from '../../../../functions/mnsoss-controller/source/sink.ts';

describe('a sink', () => {
  it.each([
    ['eventing.knative.dev/v1alpha1', 'Broker', 'eventing.knative.dev/v1'],
    ['eventing.knative.dev/v1beta1', 'Broker', 'eventing.knative.dev/v1'],
    ['serving.knative.dev/v1alpha1', 'Service', 'serving.knative.dev/v1'],
    ['messaging.knative.dev/v1beta1', 'Channel', 'messaging.knative.dev/v1'],
  ])('of %s is one of the version that Knative serves', (apiVersion, kind, current) => {
    const { destination, warnings } = normalizeSink({ apiVersion, kind, name: 'a' });

    expect(destination).toEqual({ ref: { apiVersion: current, kind, name: 'a' } });
    expect(warnings).toEqual([
      expect.stringContaining('spec.sink.ref'),
      expect.stringContaining(`${current} is used`),
    ]);
  });

  it('of today is taken as it is', () => {
    const ref = { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: 'a', namespace: 'b' };
    const sink = { ref, uri: '/c', CACerts: 'PEM', audience: 'd' };

    expect(normalizeSink(sink)).toEqual({ destination: sink, warnings: [] });
  });

  it('of a group that has alpha versions today is not touched', () => {
    const ref = { apiVersion: 'sinks.knative.dev/v1alpha1', kind: 'JobSink', name: 'a' };

    expect(normalizeSink({ ref })).toEqual({ destination: { ref }, warnings: [] });
  });

  it('may be a URL alone', () => {
    expect(normalizeSink({ uri: 'http://a.example/' })).toEqual({
      destination: { uri: 'http://a.example/' },
      warnings: [],
    });
  });
});
