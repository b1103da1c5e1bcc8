import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { OssRequest } from '../http/request.ts';
import type { ByteStream } from '../store/byte-stream.ts';

/** doc: the types that the service compresses, of at least 1 KB, for clients that accept gzip. */
const TYPES: ReadonlySet<string> = new Set([
  'text/html',
  'text/plain',
  'text/css',
  'text/xml',
  'text/javascript',
  'application/javascript',
  'application/x-javascript',
  'application/rss+xml',
  'application/json',
  'application/xml',
]);
const MIN_BYTES = 1024;

export function isCompressed(
  { headers }: Pick<OssRequest, 'headers'>,
  object: Readonly<Record<string, string | undefined>>,
  size: number,
): boolean {
  const type = (object['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const accepts = (headers['accept-encoding'] ?? '')
    .split(',')
    .some((coding) => /^gzip\s*(;\s*q=(?!0(\.0*)?$).*)?$/i.test(coding.trim()));
  return (
    accepts &&
    headers.range === undefined &&
    size >= MIN_BYTES &&
    TYPES.has(type) &&
    object['content-encoding'] === undefined
  );
}

export function gzipped({ pieces, close }: ByteStream): ByteStream {
  const gzip = createGzip();
  const source = Readable.from(copies(pieces));
  source.on('error', (error) => gzip.destroy(error));
  return {
    pieces: source.pipe(gzip),
    async close() {
      source.destroy();
      gzip.destroy();
      await close();
    },
  };
}

/** A piece is overwritten when the next one is read, and the compressor reads ahead. */
async function* copies(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece);
}
