import { onTestFinished } from 'vitest';
import { type ApiServer, type ApiServerOptions, startApiServer } from './api/server.ts';
import { kubeConfig } from './kubeconfig.ts';

/** An API of its own for one test, which it goes with, and the administrator's client. */
export async function startTestApi(options: ApiServerOptions = {}) {
  const api: ApiServer = await startApiServer(options);
  onTestFinished(() => api.close());
  return { api, config: kubeConfig(api) };
}
