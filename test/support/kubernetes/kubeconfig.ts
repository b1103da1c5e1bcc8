import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import type { ApiServer } from './api/server.ts';

type Address = Pick<ApiServer, 'url' | 'ca' | 'adminToken'>;

/** The text of a kubeconfig file for the token, by default the administrator's. */
export function kubeconfigOf(
  { url, ca, adminToken }: Address,
  token = adminToken,
  namespace = 'default',
): string {
  const server = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'loopback', cluster: server }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'loopback', context: { cluster: 'loopback', user: 'user', namespace } }],
    'current-context': 'loopback',
  });
}

/** The same configuration for the official client. */
export function kubeConfig(address: Address, token?: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(kubeconfigOf(address, token));
  return config;
}
