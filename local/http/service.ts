import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import type { AccessOptions } from '../access/keyring.ts';

/** What every service of the local cloud is created with. */
export interface ServiceOptions extends AccessOptions, Pick<RuntimeDeps, 'random' | 'logger'> {
  /** The service keeps its data below this folder. @default in memory, or in a temporary folder */
  readonly dataDir?: string;
  /** Such as `cn-hangzhou`. */
  readonly region: string;
}

/** What every service of the local cloud offers. */
export interface Service {
  readonly listener: RequestListener;
  /** The operation that a request names, for faults; `undefined` if it names none. */
  operationOf(request: IncomingMessage): string | undefined;
  /** Answers a request with the error that an injected fault asks for. */
  refuse(request: IncomingMessage, response: ServerResponse, kind: 'error' | 'throttle'): void;
  /** Deletes all data. */
  reset(): Promise<void>;
  close(): Promise<void>;
}
