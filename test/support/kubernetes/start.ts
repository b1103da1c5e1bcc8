import { onTestFinished } from 'vitest';
import { type ApiServer, type ApiServerOptions, startApiServer } from './api/server.ts';
import { type Client, createClient } from './client/client.ts';
import { kubeConfig } from './kubeconfig.ts';

/** An API of its own for one test, which it goes with, and the administrator's clients: the official one and ours. */
export async function startTestApi(options: ApiServerOptions = {}) {
  const api: ApiServer = await startApiServer(options);
  onTestFinished(() => api.close());
  const config = kubeConfig(api);
  const client: Client = createClient(config);
  return { api, config, client };
}
