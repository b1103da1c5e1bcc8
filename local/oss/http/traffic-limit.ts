import type { Clock } from '../../../shared/runtime/clock.ts';
import { invalidArgument } from '../errors.ts';
import type { OssRequest } from './request.ts';

const NAME = 'x-oss-traffic-limit';
/** doc: 100 KB/s to 100 MB/s, in bits per second. */
const MIN_BITS_PER_SECOND = 819_200;
const MAX_BITS_PER_SECOND = 838_860_800;

/** The bits per second of a request that limits its bandwidth, in a header or in the query. */
export function readTrafficLimit({
  headers,
  query,
}: Pick<OssRequest, 'headers' | 'query'>): number | undefined {
  const text = headers[NAME] ?? query.get(NAME);
  if (text === undefined) return undefined;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= MIN_BITS_PER_SECOND && limit <= MAX_BITS_PER_SECOND) return limit;
  throw invalidArgument(
    NAME,
    text,
    `The traffic limit must be ${MIN_BITS_PER_SECOND} to ${MAX_BITS_PER_SECOND} bits per second.`,
  );
}

/** The same bytes, not faster than so many bits per second. `onDelay` hears each wait, in milliseconds. */
export async function* throttled<T extends Uint8Array>(
  source: AsyncIterable<T>,
  bitsPerSecond: number,
  clock: Clock,
  onDelay: (ms: number) => void = () => {},
): AsyncGenerator<T> {
  const start = clock.monotonic();
  let bits = 0;
  for await (const chunk of source) {
    bits += chunk.length * 8;
    const early = start + (bits / bitsPerSecond) * 1000 - clock.monotonic();
    if (early > 0) {
      await clock.sleep(early);
      onDelay(early);
    }
    yield chunk;
  }
}
