import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { writeXml, type XmlFields } from '../../../shared/runtime/xml.ts';
import type { ObjectChange } from '../../events/object-change.ts';
import type { OssRefusal } from '../errors.ts';
import type { ByteStream } from '../store/byte-stream.ts';
import { throttled } from './traffic-limit.ts';

/** The answer of an operation, and its changes of objects. */
export interface Reply {
  readonly status: number;
  /** Sent as UTF-8. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Buffer | ReplyStream;
  /** Published before the answer is sent. */
  readonly changes?: readonly ObjectChange[];
}

/** An answer to HEAD has only the number of bytes. */
export interface ReplyStream {
  /** Absent if it is not known before the bytes are sent. */
  readonly size?: number;
  readonly stream?: ByteStream;
}

export function xmlReply(
  root: string,
  fields: XmlFields,
  rest: Omit<Reply, 'status' | 'body'> & { status?: number } = {},
): Reply {
  return {
    status: 200,
    ...rest,
    headers: { 'content-type': 'application/xml', ...rest.headers },
    // sdk: ali-oss lists keys with control characters without `encoding-type=url`.
    body: writeXml(root, fields, { keepControls: true }),
  };
}

export interface Envelope {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Duration of the operation. */
  readonly elapsedMs: number;
  readonly head: boolean;
  /** How long the client may not read. */
  readonly idleTimeoutMs: number;
}

/** Resolves when the answer has been passed to the socket; rejects if the client disconnects. */
export async function sendReply(response: ServerResponse, reply: Reply, envelope: Envelope): Promise<void> {
  const { body } = reply;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const headers: Record<string, string | undefined> = {
    server: 'AliyunOSS',
    date: new Date(envelope.time).toUTCString(),
    'x-oss-request-id': envelope.requestId,
    'x-oss-server-time': String(envelope.elapsedMs),
    'content-length': lengthOf(reply.status, bytes),
    ...reply.headers,
  };
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) response.setHeader(name, Buffer.from(value, 'utf8').toString('latin1'));
  }
  response.writeHead(reply.status);
  if (Buffer.isBuffer(bytes)) response.end(envelope.head ? undefined : bytes);
  else {
    if (bytes?.stream) await sendStream(response, bytes.stream, envelope.idleTimeoutMs);
    response.end();
  }
}

async function sendStream(
  response: ServerResponse,
  { pieces, close }: ByteStream,
  idleTimeoutMs: number,
): Promise<void> {
  // Node closes a socket that times out.
  response.socket?.setTimeout(idleTimeoutMs);
  const disconnected = new Promise<never>((_, reject) => {
    response.once('close', () => reject(new Error('the client disconnected')));
  });
  disconnected.catch(() => {});
  try {
    for await (const piece of pieces) {
      // A piece is overwritten when the next one is read.
      const sent = new Promise<void>((resolve, reject) => {
        response.write(piece, (error) => (error ? reject(error) : resolve()));
      });
      await Promise.race([sent, disconnected]);
    }
  } finally {
    await close();
  }
}

/** The error document; an answer without a body has it in `x-oss-err`, in Base64. */
export function errorReply(
  error: OssRefusal,
  { requestId, host, head }: { requestId: string; host: string; head: boolean },
): Reply {
  const document = writeXml('Error', {
    Code: error.code,
    Message: error.message,
    RequestId: requestId,
    HostId: host,
    ...error.elements,
    EC: error.ec,
    RecommendDoc: error.ec && `https://api.aliyun.com/troubleshoot?q=${error.ec}`,
  });
  const headers = { ...error.headers, 'x-oss-ec': error.ec };
  if (head || error.status === 304) {
    return {
      status: error.status,
      headers: {
        ...headers,
        'content-length': head ? '0' : undefined,
        'x-oss-err': Buffer.from(document).toString('base64'),
      },
    };
  }
  return { status: error.status, headers: { ...headers, 'content-type': 'application/xml' }, body: document };
}

function lengthOf(status: number, body: Buffer | ReplyStream | undefined): string | undefined {
  if (status === 204 || status === 304) return undefined;
  if (body === undefined) return '0';
  const size = Buffer.isBuffer(body) ? body.length : body.size;
  return size === undefined ? undefined : String(size);
}

/** The reply, sent not faster than so many bits per second. */
export function throttledReply(reply: Reply, bitsPerSecond: number, clock: Clock): Reply {
  const { body } = reply;
  if (typeof body !== 'object' || !('stream' in body) || !body.stream) return reply;
  const { pieces, close } = body.stream;
  return { ...reply, body: { ...body, stream: { pieces: throttled(pieces, bitsPerSecond, clock), close } } };
}

/** Releases the resources of a reply that is not sent. */
export async function dropReply({ body }: Reply): Promise<void> {
  if (typeof body === 'object' && 'stream' in body) await body.stream?.close();
}
