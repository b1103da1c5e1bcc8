import type { KubeObject } from '../kubernetes/resources.ts';
import { bindingName, deploymentName } from '../source/names.ts';
import type { Destination } from '../source/sink.ts';
import { keyOf, ownedMetadata, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';

/** Makes Knative resolve the sink and write its address, authorities and audience into the pollers. */
export function sinkBinding(
  source: Source,
  { ceOverrides }: Pick<SourceSpec, 'ceOverrides'>,
  sink: Destination,
): KubeObject {
  const key = keyOf(source);
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'SinkBinding',
    metadata: ownedMetadata(source, bindingName(key)),
    spec: {
      subject: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        namespace: key.namespace,
        name: deploymentName(key),
      },
      sink,
      ceOverrides: ceOverrides?.extensions && { extensions: ceOverrides.extensions },
    },
  };
}
