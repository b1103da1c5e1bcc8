import { type HttpMode, toHttpMessage } from '../envelope/cloud-event.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { createHttpClient } from '../runtime/http.ts';
import { parseRetryAfter } from '../runtime/retry-after.ts';
import type { CeOverrides } from './ce-overrides.ts';
import { type Answer, excerpt, exchange, judgeRefusal, unanswered } from './exchange.ts';
import type { EventSink } from './sink.ts';
import type { TokenProvider } from './token-file.ts';
import { parseHttpUrl } from './url.ts';

export interface HttpSinkOptions {
  /** `K_SINK`: where Knative's SinkBinding points. */
  readonly url: string;
  /** Brokers forward `binary` without parsing the data. `@default 'binary'` */
  readonly mode?: HttpMode;
  /** `K_CE_OVERRIDES`. */
  readonly overrides?: CeOverrides;
  /** `K_CA_CERTS`: PEM of authorities that are trusted in addition to Node's. */
  readonly caCerts?: string;
  /** Sent as `Authorization: Bearer`; refreshed when the sink answers 401. */
  readonly token?: TokenProvider;
  /** Milliseconds for a whole delivery, which includes the processing of a sink that answers after it. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Sends CloudEvents by HTTP POST and judges the answer by Knative's data plane contract. */
export function createHttpSink(options: HttpSinkOptions): EventSink {
  const { mode = 'binary', overrides, token, timeoutMs, clock } = options;
  const url = parseHttpUrl('the sink', options.url);
  const http = createHttpClient({ caCerts: options.caCerts });
  return {
    name: `http:${url.host}`,
    async deliver(event, { signal }) {
      const message = toHttpMessage(overrides ? event.cloneWith(overrides.extensions) : event, mode);
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
      http.close();
    },
  };
}

/** Source: Knative specs, eventing/data-plane.md. A redirect is a refusal: it is never followed. */
function judge({ status, headers, text }: Answer, now: number, secret: string | undefined): Delivery {
  if (status >= 200 && status < 300) return { result: 'accepted' };
  // Some sinks echo the request.
  const safe = secret ? text.replaceAll(secret, '[secret]') : text;
  const reason = `HTTP ${status}${safe && `: ${excerpt(safe)}`}`;
  return judgeRefusal({ status, reason, retryAfterMs: parseRetryAfter(headers['retry-after'], now) });
}
