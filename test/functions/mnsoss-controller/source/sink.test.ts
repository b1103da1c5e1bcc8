import { describe, expect, test } from 'vitest';
import { normalizeSink } from '../../../../functions/mnsoss-controller/source/sink.ts';

describe('normalizeSink', () => {
  test.each([
    ['eventing.knative.dev/v1alpha1', 'Broker', 'eventing.knative.dev/v1'],
    ['eventing.knative.dev/v1beta1', 'Broker', 'eventing.knative.dev/v1'],
    ['serving.knative.dev/v1alpha1', 'Service', 'serving.knative.dev/v1'],
    ['messaging.knative.dev/v1beta1', 'Channel', 'messaging.knative.dev/v1'],
  ])('a sink of %s %s gets the version that Knative serves: %s', (apiVersion, kind, current) => {
    const { destination, warnings } = normalizeSink({ apiVersion, kind, name: 'a' });

    expect(destination).toEqual({ ref: { apiVersion: current, kind, name: 'a' } });
    expect(warnings).toEqual([
      expect.stringContaining('spec.sink.ref'),
      expect.stringContaining(`${current} is used`),
    ]);
  });

  test('a sink in the current form is not changed', () => {
    const ref = { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: 'a', namespace: 'b' };
    const sink = { ref, uri: '/c', CACerts: 'PEM', audience: 'd' };

    expect(normalizeSink(sink)).toEqual({ destination: sink, warnings: [] });
  });

  test('a sink of a group with current alpha versions is not changed', () => {
    const ref = { apiVersion: 'sinks.knative.dev/v1alpha1', kind: 'JobSink', name: 'a' };

    expect(normalizeSink({ ref })).toEqual({ destination: { ref }, warnings: [] });
  });

  test('a sink may be a URL alone', () => {
    expect(normalizeSink({ uri: 'http://a.example/' })).toEqual({
      destination: { uri: 'http://a.example/' },
      warnings: [],
    });
  });
});
