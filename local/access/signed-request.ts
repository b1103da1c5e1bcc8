/** The parts of a request that its signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as on the wire: SDKs encode them differently, and each signs what it sends. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}
