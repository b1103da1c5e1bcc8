import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from './loopback.ts';

/** A received request. */
export interface CapturedRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** Names in lower case; values decoded as UTF-8. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface ScriptedServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** All requests so far, in order. */
  readonly requests: readonly CapturedRequest[];
  close(): Promise<void>;
}

/** `'hang'` never answers; `'break'` cuts the connection. */
export type Script = (
  request: CapturedRequest,
  index: number,
  response: ServerResponse,
) => ScriptedAnswer | 'hang' | 'break' | 'answered';

/** A server on loopback with scripted answers. */
export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: CapturedRequest[] = [];
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await capture(incoming);
    if (!request) return;
    requests.push(request);
    const answer = script(request, requests.length - 1, response);
    if (answer === 'hang' || answer === 'answered') return;
    if (answer === 'break') return void incoming.socket.destroy();
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  };
  // The official OSS SDK sends Content-Length with chunked bodies, which the strict parser rejects.
  const server = createServer({ insecureHTTPParser: true }, listener);
  return { requests, ...(await listenOnLoopback(server)) };
}

/** `undefined` when the client disconnected while it was sending. */
async function capture(incoming: IncomingMessage): Promise<CapturedRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return undefined;
  }
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Buffer.from(String(value), 'latin1').toString('utf8'),
    ]),
  );
  const { method = '', url: target = '' } = incoming;
  return { method, target, headers, body: Buffer.concat(chunks) };
}
