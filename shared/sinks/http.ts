import type { CloudEvent } from 'cloudevents';
import { type HttpMode, toHttpMessage } from '../envelope/cloud-event.ts';
import type { Clock } from '../runtime/clock.ts';
import { createHttpClient, type HttpClient } from '../runtime/http.ts';
import type { CeOverrides } from './ce-overrides.ts';
import { type Answer, excerpt, exchange, unanswered } from './exchange.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { Delivery, EventSink } from './sink.ts';
import type { TokenProvider } from './token-file.ts';
import { parseHttpUrl } from './url.ts';

export interface HttpSinkOptions {
  /** `K_SINK`: where Knative's SinkBinding points. */
  readonly url: string;
  /** Default binary, which brokers forward without parsing the data. */
  readonly mode?: HttpMode;
  /** `K_CE_OVERRIDES`. */
  readonly overrides?: CeOverrides;
  /** `K_CA_CERTS`: PEM, trusted beside the authorities that Node knows. */
  readonly caCerts?: string;
  /** Sent as `Authorization: Bearer`; asked for anew when the sink answers 401. */
  readonly token?: TokenProvider;
  /** Milliseconds for a whole delivery; a sink that processes before it answers needs the time for it. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly http?: HttpClient;
}

/** Posts CloudEvents by HTTP and judges the answer as Knative's data plane contract says. */
export function createHttpSink(options: HttpSinkOptions): EventSink {
  const { mode = 'binary', overrides, token, timeoutMs, clock } = options;
  const url = parseHttpUrl('the sink', options.url);
  const http = options.http ?? createHttpClient({ caCerts: options.caCerts });
  return {
    name: `http:${url.host}`,
    async deliver(event, { signal }) {
      const message = toHttpMessage(overridden(event, overrides), mode);
      const post = (bearer: string | undefined) => {
        const headers = {
          ...message.headers,
          'content-length': String(message.body.length),
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        };
        const request = { method: 'POST', url, headers, body: message.body, timeoutMs };
        return exchange(http, request, { signal, clock });
      };
      try {
        const bearer = await token?.();
        const answer = await post(bearer);
        if (answer.status !== 401 || !token) return judge(answer, clock.now(), bearer);
        const fresh = await token({ refresh: true });
        return judge(fresh === bearer ? answer : await post(fresh), clock.now(), fresh);
      } catch (error) {
        return unanswered(error);
      }
    },
    async close() {
      if (!options.http) http.close();
    },
  };
}

/** Retried besides 5xx. 404: a route exists before its pods do; 409: another delivery of the same event is under way. */
const RETRYABLE: ReadonlySet<number> = new Set([404, 408, 409, 429]);
const OVERLOADED: ReadonlySet<number> = new Set([429, 503]);

/** Source: Knative specs, eventing/data-plane.md. A redirect is an answer, never followed. */
function judge({ status, headers, text }: Answer, now: number, secret: string | undefined): Delivery {
  if (status >= 200 && status < 300) return { result: 'accepted' };
  // Some echo what they were sent.
  const told = secret ? text.replaceAll(secret, '[secret]') : text;
  const reason = `HTTP ${status}${told && `: ${excerpt(told)}`}`;
  if (status < 500 && !RETRYABLE.has(status)) return { result: 'rejected', reason, code: 'SinkRejected' };
  const retryAfterMs = parseRetryAfter(headers['retry-after'], now);
  return {
    result: 'retry',
    reason,
    retryAfterMs,
    ...(OVERLOADED.has(status) && { overloaded: true }),
  };
}

function overridden(event: CloudEvent<unknown>, overrides: CeOverrides | undefined): CloudEvent<unknown> {
  return overrides ? event.cloneWith<unknown>(overrides.extensions) : event;
}
