import type { QueryPair } from '../../../shared/oss/signature-v1.ts';
import type { Headers } from '../../http/headers.ts';

/** The parts of a request that identify its sender. */
export interface SignedRequest {
  readonly method: string;
  readonly query: readonly QueryPair[];
  readonly headers: Headers;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly time: number;
}
