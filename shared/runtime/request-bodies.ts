import type { IncomingMessage } from 'node:http';
import { AppError } from './errors.ts';

/** Reads the bodies of requests within a memory that all of them share. */
export interface RequestBodies {
  /** `undefined` when it is too large: the rest is discarded, and Node reads it to its end after the answer. */
  read(request: IncomingMessage): Promise<Buffer | undefined>;
}

export interface RequestBodiesOptions {
  /** Bytes of one body. */
  readonly maxBytes: number;
  /** Bytes that arrive at the same time. Beyond them, the request that has been arriving for longest is cut. */
  readonly budgetBytes: number;
}

interface Arriving {
  size: number;
  readonly cut: () => void;
}

export function createRequestBodies({ maxBytes, budgetBytes }: RequestBodiesOptions): RequestBodies {
  /** Oldest first. */
  const arriving = new Set<Arriving>();
  let held = 0;

  const leave = (body: Arriving) => {
    if (arriving.delete(body)) held -= body.size;
  };

  return {
    read: (request) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        const body: Arriving = {
          size: 0,
          cut() {
            request.destroy();
            end(() => reject(new AppError('EventTooLarge', 'the request was cut: others need its memory')));
          },
        };
        const end = (settle: () => void) => {
          leave(body);
          settle();
        };
        const refuse = () => {
          request.off('data', take);
          request.resume();
          end(() => resolve(undefined));
        };
        const take = (chunk: Buffer) => {
          body.size += chunk.length;
          held += chunk.length;
          if (body.size > maxBytes) return refuse();
          chunks.push(chunk);
          // A sender that means well has sent its body in less time than any other.
          while (held > budgetBytes) arriving.values().next().value!.cut();
        };
        if (Number(request.headers['content-length'] ?? 0) > maxBytes) return refuse();
        arriving.add(body);
        request.on('data', take);
        request.once('end', () => end(() => resolve(Buffer.concat(chunks))));
        request.once('error', (error) => end(() => reject(error)));
        request.once('close', () =>
          end(() => reject(new AppError('NetworkError', 'the client closed the connection'))),
        );
      }),
  };
}
