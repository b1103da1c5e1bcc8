import type { Clock } from '../runtime/clock.ts';
import { AppError, toAppError } from '../runtime/errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../runtime/http.ts';
import type { Delivery } from './sink.ts';

/** What the other side said. */
export interface Answer {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  /** The beginning of the body, for a reason or an error code. */
  readonly text: string;
}

/** More than any error document; a connection that sends more is closed instead of drained. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * One request and its whole answer within `timeoutMs`, however slowly it trickles. Once the head has arrived the status
 * counts, whatever becomes of the body. Throws `AppError` when no head came.
 */
export async function exchange(
  http: HttpClient,
  request: Omit<HttpRequest, 'signal'>,
  { signal, clock }: { signal: AbortSignal; clock: Clock },
): Promise<Answer> {
  // Not AbortSignal.any: early releases of Node 20 keep what it made as long as the signals it was made of.
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  let isLate = false;
  const cancelTimer = clock.after(request.timeoutMs, () => {
    isLate = true;
    stop.abort();
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) stop.abort();
  try {
    const response = await http.send({ ...request, signal: stop.signal });
    return { status: response.status, headers: response.headers, text: await readBeginning(response) };
  } catch (error) {
    if (!isLate) throw error;
    const { url, timeoutMs } = request;
    throw new AppError('ServiceUnavailable', `${url.host} gave no answer within ${timeoutMs} ms`);
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', onAbort);
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
 * Nothing was heard: the event may have arrived or not, so it is delivered again. What is `misconfigured` on this side
 * – no credentials – is thrown, as no delivery will succeed.
 */
export function unanswered(thrown: unknown): Delivery {
  const error = toAppError(thrown);
  if (error.kind === 'misconfigured') throw error;
  return { result: 'retry', reason: `${error.code}: ${error.message}` };
}

/** The beginning of a foreign text on one line, for a log and a dead letter. */
export function excerpt(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, 200);
}
