import { acceptIfAsync, type Operation } from './operation.ts';

/** doc: bytes of the log that `x-fc-log-type: Tail` asks for. */
const LOG_TAIL_BYTES = 4096;

/** doc: a header reports a function that failed; the call itself has succeeded. */
export const invokeFunction: Operation = async (request, response, deps) => {
  const { body: event, headers, functionName } = request;
  if (acceptIfAsync(request, event, response, deps)) return;
  const { requestId, body, errorType, durationMs, maxMemoryMb, log } = await deps.functions.invoke(
    functionName,
    event,
  );
  response.writeHead(200, {
    'x-fc-request-id': requestId,
    'x-fc-invocation-duration': String(Math.round(durationMs)),
    'x-fc-max-memory-usage': maxMemoryMb.toFixed(2),
    'content-type': errorType === undefined ? 'application/octet-stream' : 'application/json',
    ...(errorType !== undefined && { 'x-fc-error-type': errorType }),
    ...(headers['x-fc-log-type'] === 'Tail' && { 'x-fc-log-result': tailOf(log) }),
  });
  response.end(body);
};

function tailOf(log: string): string {
  return Buffer.from(log).subarray(-LOG_TAIL_BYTES).toString('base64');
}
