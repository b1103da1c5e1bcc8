import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Headers } from '../../http/headers.ts';
import type { Functions } from '../store/functions.ts';

/** A request for a function that exists. */
export interface FcRequest {
  readonly incoming: IncomingMessage;
  readonly target: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly functionName: string;
  /** The path in the function; HTTP triggers only. */
  readonly path: string;
}

export interface OperationDeps {
  readonly functions: Functions;
  readonly accountId: string;
  readonly newId: () => string;
  readonly clock: Clock;
}

export type Operation = (
  request: FcRequest,
  response: ServerResponse,
  deps: OperationDeps,
) => void | Promise<void>;

/** Accepts an event to run later, if the request asks for that. */
export function acceptIfAsync(
  { headers, functionName }: FcRequest,
  event: Uint8Array,
  response: ServerResponse,
  { functions }: OperationDeps,
): boolean {
  if (headers['x-fc-invocation-type']?.toLowerCase() !== 'async') return false;
  // sdk: each version has its own header for a task's id.
  const taskId = headers['x-fc-async-task-id'] ?? headers['x-fc-stateful-async-invocation-id'];
  const requestId = functions.invokeAsync(functionName, event, taskId);
  response.writeHead(202, { 'x-fc-request-id': requestId }).end();
  return true;
}
