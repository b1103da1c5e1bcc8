import type { InvocationResult } from '../function.ts';
import type { FunctionRecord } from '../store/records.ts';
import {
  type FcAnswer,
  type FcRequest,
  type Operation,
  type OperationDeps,
  qualifierOf,
} from './operation.ts';

/** doc: bytes of the log that `x-fc-log-type: Tail` asks for. */
const LOG_TAIL_BYTES = 4096;

/** doc: a header reports a function that failed; the call itself has succeeded. */
export const invokeFunction: Operation = async (request, deps) => {
  const target = { name: request.params.function ?? '', qualifier: qualifierOf(request) };
  const accepted = await acceptIfAsync(request, target, request.body, deps);
  if (accepted) return accepted;
  const result = await deps.invocations.invoke(target, request.body);
  return { headers: headersOf(result, request, deps), body: result.body };
};

/** In 2.0 the service counts, and an error that the handler threw has another name. */
export const invokeFunction2: Operation = async (request, deps) => {
  const { function: name = '', qualifier = 'LATEST' } = request.params;
  const target = { name, qualifier };
  const accepted = await acceptIfAsync(request, target, request.body, deps);
  if (accepted) return accepted;
  const result = await deps.invocations.invoke(target, request.body);
  if (!result.thrown) return { headers: headersOf(result, request, deps), body: result.body };
  const error = JSON.parse(result.body.toString());
  const body = Buffer.from(
    JSON.stringify({ ...error, errorType: `FunctionUnhandledError: ${error.errorType}` }),
  );
  return { headers: headersOf({ ...result, errorType: 'UnhandledInvocationError' }, request, deps), body };
};

/** Accepts an event to run later, if the request asks for that. */
export async function acceptIfAsync(
  { headers }: FcRequest,
  target: { name: string; qualifier: string },
  event: Uint8Array,
  { invocations }: OperationDeps,
): Promise<FcAnswer | undefined> {
  const type = headers['x-fc-invocation-type']?.toLowerCase();
  if (type !== 'async' && type !== 'task') return undefined;
  // sdk: each version has its own header for a task's id.
  const taskId = headers['x-fc-async-task-id'] ?? headers['x-fc-stateful-async-invocation-id'];
  const requestId = await invocations.invokeAsync(target, event, taskId);
  return { status: 202, headers: { 'x-fc-request-id': requestId, 'x-fc-async-task-id': taskId } };
}

function headersOf(
  result: InvocationResult,
  { headers, params }: FcRequest,
  { store }: OperationDeps,
): FcAnswer['headers'] {
  const { requestId, instanceId, versionId, errorType, durationMs, maxMemoryMb, log } = result;
  return {
    'x-fc-request-id': requestId,
    'x-fc-invocation-duration': String(Math.round(durationMs)),
    'x-fc-max-memory-usage': maxMemoryMb.toFixed(2),
    'x-fc-instance-id': instanceId,
    'x-fc-code-checksum': checksumOf(store.find(params.function ?? ''), versionId),
    'x-fc-version-id': versionId === 'LATEST' ? undefined : versionId,
    'content-type': errorType === undefined ? 'application/octet-stream' : 'application/json',
    'x-fc-error-type': errorType,
    'x-fc-log-result': headers['x-fc-log-type'] === 'Tail' ? tailOf(log) : undefined,
  };
}

function checksumOf(record: FunctionRecord | undefined, versionId: string): string | undefined {
  const versions = record ? [record.latest, ...record.versions] : [];
  const code = versions.find((version) => version.versionId === versionId)?.code;
  return code && 'checksum' in code ? code.checksum : undefined;
}

function tailOf(log: string): string {
  return Buffer.from(log).subarray(-LOG_TAIL_BYTES).toString('base64');
}
