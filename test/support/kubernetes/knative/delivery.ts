import { type Event, headersOf, readEvent, withAttributes } from './event.ts';

export interface Delivery {
  readonly retry?: number;
  readonly backoffPolicy?: 'linear' | 'exponential';
  readonly backoffDelay?: string;
}

/** Defaults of a Broker. */
const DEFAULT_DELIVERY = { retry: 10, backoffPolicy: 'exponential', backoffDelay: 'PT0.2S' } as const;

export type Outcome =
  | { readonly delivered: true; readonly reply?: Event }
  | { readonly delivered: false; readonly code: number; readonly data: string };

/** Maximum length of an error text. */
const ERROR_DATA_LIMIT = 1024;

/** Statuses after which the same event is sent again. Source: Knative specs, eventing/data-plane.md. */
const isRetryable = (code: number) =>
  code === 0 || code === 404 || code === 408 || code === 409 || code === 429 || code >= 500;

/** Delivers to one address, with the retries of the delivery spec. */
export async function deliver(
  event: Event,
  url: string,
  delivery: Delivery,
  sleep: (ms: number) => Promise<void>,
): Promise<Outcome> {
  const { retry, backoffPolicy, backoffDelay } = { ...DEFAULT_DELIVERY, ...delivery };
  const delay = milliseconds(backoffDelay);
  for (let attempt = 1; ; attempt++) {
    const outcome = await deliverOnce(event, url);
    if (outcome.delivered || !isRetryable(outcome.code) || attempt > retry) return outcome;
    await sleep(backoffPolicy === 'linear' ? delay * attempt : delay * 2 ** attempt);
  }
}

async function deliverOnce(event: Event, url: string): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: headersOf(event),
      body: new Uint8Array(event.data),
    });
    const body = Buffer.from(await response.arrayBuffer());
    if (!response.ok) return { delivered: false, code: response.status, data: body.toString('utf8') };
    const reply = readEvent(Object.fromEntries(response.headers), body);
    if (reply) return { delivered: true, reply };
    // A receiver whose answer is neither empty nor an event is broken.
    return body.length === 0
      ? { delivered: true }
      : { delivered: false, code: 502, data: body.toString('utf8') };
  } catch (error) {
    return { delivered: false, code: 0, data: (error as Error).message };
  }
}

/** The event with the extensions for the dead-letter sink. */
export function deadLetter(event: Event, destination: string, code: number, data: string): Event {
  return withAttributes(event, {
    knativeerrordest: destination,
    knativeerrorcode: String(code),
    // guess: error texts are encoded, because header values may not contain every character.
    ...(data && { knativeerrordata: Buffer.from(data).subarray(0, ERROR_DATA_LIMIT).toString('base64') }),
  });
}

/** Parses an ISO 8601 duration, days to seconds. */
export function milliseconds(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(duration) ?? [];
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
