import { onAbort } from '../runtime/abort.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { AppError, toAppError } from '../runtime/errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../runtime/http.ts';

/** The answer of the other side. */
export interface Answer {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  /** The beginning of the body, for a reason or an error code. */
  readonly text: string;
}

/** More than any error document; a connection that sends more is closed instead of drained. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * One request and its whole answer within `timeoutMs`, however slowly that arrives. Once the head has arrived, the status
 * counts even if the body is cut off. Throws `AppError` when no head arrived.
 */
export async function exchange(
  http: HttpClient,
  request: Omit<HttpRequest, 'signal'>,
  { signal, clock }: { signal: AbortSignal; clock: Clock },
): Promise<Answer> {
  // Not AbortSignal.any: early releases of Node 20 keep its result alive as long as its sources.
  const stop = new AbortController();
  let isLate = false;
  const cancelTimer = clock.after(request.timeoutMs, () => {
    isLate = true;
    stop.abort();
  });
  const stopListening = onAbort(signal, () => stop.abort());
  try {
    const response = await http.send({ ...request, signal: stop.signal });
    return { status: response.status, headers: response.headers, text: await readBeginning(response) };
  } catch (error) {
    if (!isLate) throw error;
    const { url, timeoutMs } = request;
    throw new AppError('ServiceUnavailable', `${url.host} gave no answer within ${timeoutMs} ms`);
  } finally {
    cancelTimer();
    stopListening();
  }
}

async function readBeginning({ body }: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The status has been received; what is missing is only an explanation.
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

/**
 * What an exchange without an answer means: the event may have arrived or not, so it is delivered again. A `misconfigured`
 * error of this side, such as missing credentials, is thrown, because no delivery will succeed.
 */
export function unanswered(thrown: unknown): Delivery {
  const error = toAppError(thrown);
  if (error.kind === 'misconfigured') throw error;
  return { result: 'retry', reason: `${error.code}: ${error.message}` };
}

/** 404: a route exists before its pods do; 409: another delivery of the same event is running. */
const RETRYABLE: ReadonlySet<number> = new Set([404, 408, 409, 429]);
const OVERLOADED: ReadonlySet<number> = new Set([429, 503]);

/** What a status other than 2xx means. `isRetryable` adds cases in which the sender, not the event, is at fault. */
export function judgeRefusal(
  { status, reason, retryAfterMs }: { status: number; reason: string; retryAfterMs: number | undefined },
  isRetryable = false,
): Delivery {
  if (status < 500 && !RETRYABLE.has(status) && !isRetryable)
    return { result: 'rejected', reason, code: 'SinkRejected' };
  return { result: 'retry', reason, retryAfterMs, overloaded: OVERLOADED.has(status) || undefined };
}

/** The beginning of a foreign text on one line, for a log and a dead letter. */
export function excerpt(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, 200);
}
