import { createServer } from 'node:http';
import { listenOnLoopback } from '../../loopback.ts';
import type { RunningContainer } from './container.ts';

/** Serves the API's requests to a kubelet: `/containerLogs/<namespace>/<pod>/<container>`. */
export async function startLogServer(
  find: (namespace: string, pod: string, container: string) => RunningContainer | undefined,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://kubelet');
    const [, namespace = '', pod = '', name = ''] = url.pathname.split('/').filter(Boolean);
    const container = find(namespace, pod, name);
    if (!container) {
      response.writeHead(404).end('no such container');
      return;
    }
    const lines = Number(url.searchParams.get('tailLines') ?? -1);
    const tail = (text: string) =>
      lines < 0
        ? text
        : text
            .split('\n')
            .slice(-lines - 1)
            .join('\n');
    if (url.searchParams.get('follow') !== 'true') {
      response.end(tail(container.log()));
      return;
    }
    const stop = container.follow((text) => void response.write(text));
    request.once('close', stop);
  });
  return listenOnLoopback(server);
}
