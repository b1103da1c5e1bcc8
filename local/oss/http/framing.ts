import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { OssRefusal } from '../errors.ts';

/**
 * The body of a request whose end is certain. Node's lenient parser is needed for one thing: ali-oss announces a length and
 * sends chunks. Then the chunks must have that length, and nothing that follows on the connection is read, so no bytes
 * count once as body and once as the next request.
 */
export interface Framing {
  readonly body: AsyncIterable<Buffer>;
  /** Whether this is the last request of its connection. */
  readonly isLast: boolean;
}

/** Throws `InvalidRequest` for what a strict parser refuses. */
export function readFraming(message: IncomingMessage): Framing {
  const { rawHeaders, headers } = message;
  const { 'content-length': announced, 'transfer-encoding': encoding } = headers;
  // Stays open if reading ends early: the answer needs the same connection.
  const body = message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for (let index = 1; index < rawHeaders.length; index += 2) {
    if (CONTROLS.test(rawHeaders[index]!)) throw invalid(`${rawHeaders[index - 1]} has a control character.`);
  }
  if (countOf('content-length', rawHeaders) > 1) throw invalid('Content-Length is given twice.');
  if (encoding === undefined) return { body, isLast: false };
  if (encoding !== 'chunked' || countOf('transfer-encoding', rawHeaders) > 1) {
    throw invalid('The only Transfer-Encoding is chunked.');
  }
  if (announced === undefined) return { body, isLast: false };
  return { body: ofLength(body, Number(announced)), isLast: true };
}

/** Remembers the connections whose last request has come. What follows on them is not a request. */
export function createLastRequests() {
  const ended = new WeakSet<Socket>();
  return {
    has: ({ socket }: IncomingMessage) => ended.has(socket),
    add: ({ socket }: IncomingMessage) => void ended.add(socket),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it finds
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/;

function countOf(name: string, rawHeaders: readonly string[]): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length;
}

async function* ofLength(body: AsyncIterable<Buffer>, announced: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > announced) break;
    yield chunk;
  }
  if (size !== announced) {
    throw invalid(`Content-Length is ${announced}, and the chunks have another length.`);
  }
}

function invalid(message: string): OssRefusal {
  return new OssRefusal('InvalidRequest', { message });
}
