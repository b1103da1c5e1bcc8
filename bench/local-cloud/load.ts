import { createHttpClient, readBody } from '../../shared/runtime/http.ts';
import type { Headers } from './contenders.ts';

const TIMEOUT_MS = 60_000;

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

/** `undefined` without a load: not every server takes part in every scenario. */
export function figuresOf(loads: readonly Load[]): Figures | undefined {
  if (loads.length === 0) return undefined;
  const times = loads.flatMap((each) => each.times).sort((left, right) => left - right);
  const seconds = loads.reduce((sum, each) => sum + each.seconds, 0);
  return { perSecond: times.length / seconds, p99Ms: times[Math.ceil(times.length * 0.99) - 1]! };
}

/** Sends over kept-alive connections and returns the body of the answer. Throws unless the answer is a success. */
export function createSender(url: string, connections: number) {
  const http = createHttpClient({ maxSockets: connections });
  const server = new URL(url);
  return {
    async send(method: string, path: string, headers: Headers, body?: Buffer): Promise<Buffer> {
      const response = await http.send({
        method,
        url: server,
        target: path,
        headers: body ? { ...headers, 'content-length': String(body.length) } : headers,
        body,
        timeoutMs: TIMEOUT_MS,
      });
      const received = await readBody(response);
      if (response.status >= 200 && response.status < 300) return received;
      throw new Error(`${method} ${path}: ${response.status} ${received}`);
    },
    close: http.close,
  };
}
