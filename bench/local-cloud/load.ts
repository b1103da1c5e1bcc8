import * as http from 'node:http';
import type { Headers } from './contenders.ts';

/** Times of one load. */
export interface Load {
  /** Milliseconds per job. */
  readonly times: readonly number[];
  /** Wall-clock time, without pauses between runs. */
  readonly seconds: number;
}

export interface Figures {
  /** Jobs per second of the whole load. */
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Runs `count` jobs, one at a time per client, and measures each. */
export async function load(
  count: number,
  clients: number,
  job: (index: number) => Promise<void>,
): Promise<Load> {
  const times: number[] = [];
  let next = 0;
  const client = async () => {
    while (next < count) {
      const index = next++;
      const started = performance.now();
      await job(index);
      times.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - started) / 1000;
  if (times.length !== count) throw new Error(`${times.length} jobs were done, not ${count}`);
  return { times, seconds };
}

export function figuresOf(loads: readonly Load[]): Figures {
  const times = loads.flatMap((each) => each.times).sort((left, right) => left - right);
  const seconds = loads.reduce((sum, each) => sum + each.seconds, 0);
  return { perSecond: times.length / seconds, p99Ms: times[Math.ceil(times.length * 0.99) - 1]! };
}

/** Sends over kept-alive connections. Throws unless the answer is a success. Keeps XML bodies, counts the others. */
export function createSender(url: string, connections: number) {
  const { hostname, port } = new URL(url);
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  return {
    send(
      method: string,
      path: string,
      headers: Headers,
      body?: Buffer,
    ): Promise<{ bytes: number; text: () => string }> {
      return new Promise((resolve, reject) => {
        const length = body ? { 'content-length': body.length } : {};
        const request = http.request({
          hostname,
          port,
          agent,
          method,
          path,
          headers: { ...headers, ...length },
        });
        request.on('error', reject);
        request.on('response', (response) => {
          const chunks: Buffer[] = [];
          const isDocument = response.headers['content-type']?.includes('xml') ?? false;
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (isDocument) chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('end', () => {
            const text = () => Buffer.concat(chunks).toString();
            const { statusCode = 0 } = response;
            if (statusCode >= 200 && statusCode < 300) resolve({ bytes, text });
            else reject(new Error(`${method} ${path}: ${statusCode} ${text()}`));
          });
        });
        request.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}
