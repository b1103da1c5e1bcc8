import { onTestFinished } from 'vitest';
import { type ApiServer, type ApiServerOptions, startApiServer } from './api/server.ts';
import { type Client, createClient } from './client/client.ts';
import { kubeConfig } from './kubeconfig.ts';

/** An API for one test, closed at its end, and two clients of the administrator: the official one and ours. */
export async function startTestApi(options: ApiServerOptions = {}) {
  const api: ApiServer = await startApiServer(options);
  onTestFinished(() => api.close());
  const config = kubeConfig(api);
  const client: Client = createClient(config);
  return { api, config, client };
}
