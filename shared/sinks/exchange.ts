import type { Clock } from '../runtime/clock.ts';
import { toMnsossError } from '../runtime/errors.ts';
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
 * counts, whatever becomes of the body. Throws `MnsossError` when no head came.
 */
export async function exchange(
  http: HttpClient,
  request: Omit<HttpRequest, 'signal'>,
  { signal, clock }: { signal: AbortSignal; clock: Clock },
): Promise<Answer> {
  const late = new AbortController();
  const cancel = clock.after(request.timeoutMs, () => late.abort());
  try {
    const response = await http.send({ ...request, signal: AbortSignal.any([signal, late.signal]) });
    return { status: response.status, headers: response.headers, text: await readBeginning(response) };
  } finally {
    cancel();
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
  const error = toMnsossError(thrown);
  if (error.kind === 'misconfigured') throw error;
  return { result: 'retry', reason: `${error.code}: ${error.message}` };
}
