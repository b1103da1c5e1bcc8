import type { KubeObject } from '../../../functions/mnsoss-controller/kubernetes/resources.ts';
import type { LocalCloud } from '../../../local/cloud.ts';

export const TOPIC = 'mns-en-topics-oss-uploads';

export function aSource(spec: object = {}, name = 'uploads'): KubeObject {
  return {
    apiVersion: 'sources.eventing.knative.dev/v1alpha1',
    kind: 'MnsOssSource',
    metadata: { namespace: 'default', name },
    spec: {
      topic: TOPIC,
      accessToken: { secretKeyRef: { name: 'mns-token', key: 'mns' } },
      sink: { ref: { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: 'default' } },
      ...spec,
    },
  };
}

export function aSecret({ mns, credentials }: Pick<LocalCloud, 'mns' | 'credentials'>): KubeObject {
  const { accessKeyId, accessKeySecret } = credentials;
  return secretOf({ mns: JSON.stringify({ url: mns.url, accessKeyId, accessKeySecret }) });
}

export function secretOf(values: Record<string, string>): KubeObject {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'default', name: 'mns-token' },
    data: Object.fromEntries(data),
  } as KubeObject;
}

export const aBroker = (name = 'default'): KubeObject => ({
  apiVersion: 'eventing.knative.dev/v1',
  kind: 'Broker',
  metadata: { namespace: 'default', name },
});
