import http from 'node:http';
import https from 'node:https';
import { listenOnLoopback } from './loopback.ts';

export interface SinkRequest {
  readonly headers: http.IncomingHttpHeaders;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

export interface SinkServer {
  readonly url: string;
  readonly requests: readonly SinkRequest[];
  close(): Promise<void>;
}

/** An HTTP server that records its requests and then calls `answer`. */
export async function startSinkServer(
  answer: (res: http.ServerResponse, request: SinkRequest) => void,
  tls?: { readonly key: string; readonly cert: string },
): Promise<SinkServer> {
  const requests: SinkRequest[] = [];
  const listener: http.RequestListener = async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const { headers, method = '', url: path = '' } = req;
    const request = { headers, method, path, body: Buffer.concat(chunks) };
    requests.push(request);
    answer(res, request);
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  const { port, close } = await listenOnLoopback(server);
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/sink`, requests, close };
}
