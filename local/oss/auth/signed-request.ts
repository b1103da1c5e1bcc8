import type { QueryPair } from '../../../shared/oss/signature-v1.ts';

/** The parts of a request that say who sent it. */
export interface SignedRequest {
  readonly method: string;
  readonly query: readonly QueryPair[];
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, by the clock of the server. */
  readonly time: number;
}
