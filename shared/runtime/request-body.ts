import type { IncomingMessage } from 'node:http';

export interface BodyBound {
  readonly maxBytes: number;
  /** Makes the error that a larger body is refused with. */
  readonly refuse: () => Error;
}

/**
 * Reads the body of a request. A larger one is refused, if possible by its announced length, and the connection stays
 * open, so that the client can read the answer: Node discards the rest of the body once the answer is sent.
 */
export async function readBody(request: IncomingMessage, bound: BodyBound): Promise<Buffer> {
  const { 'content-length': announced = '0', 'transfer-encoding': encoding } = request.headers;
  if (announced === '0' && encoding === undefined) return Buffer.alloc(0);
  if (Number(announced) > bound.maxBytes) throw bound.refuse();
  return collect(request.iterator({ destroyOnReturn: false }), bound);
}

/** Joins the pieces of a stream. */
export async function collect(
  source: AsyncIterable<Uint8Array>,
  { maxBytes, refuse }: BodyBound,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxBytes) throw refuse();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
