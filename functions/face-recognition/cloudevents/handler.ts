import { toHttpMessage } from '../../../shared/envelope/cloud-event.ts';
import { type ReceivedEvent, readCloudEvents } from '../../../shared/envelope/http-cloud-events.ts';
import { type AppError, toAppError } from '../../../shared/runtime/errors.ts';
import type { ServedAnswer, ServedRequest } from '../../../shared/runtime/http-server.ts';
import type { App } from '../app.ts';
import { type HttpAnswer, problem, problemOf } from '../http/problem.ts';
import { processEvents } from '../invocation.ts';
import { failureOf, type InvocationReport } from '../report.ts';
import { inRequest } from '../request-log.ts';
import type { ReceiverMetrics } from './metrics.ts';
import type { Authenticate } from './oidc.ts';
import { createReply, REPLY_TYPE } from './reply-event.ts';

export interface HandlerDeps {
  readonly app: Pick<App, 'options' | 'openBucket' | 'clock' | 'logger' | 'pipeline' | 'finished'>;
  readonly metrics: Pick<ReceiverMetrics, 'countRecords'>;
  readonly timeoutMs: number;
  /** Whether a processed image is answered with a CloudEvent. */
  readonly replies: boolean;
  /** @default every sender is accepted */
  readonly authenticate?: Authenticate;
}

/**
 * Answers CloudEvents, and plain bodies in any envelope, by the data plane contract of Knative:
 * - 204, or 200 with a CloudEvent that reports the result: every record has an outcome; a recorded failure is one too;
 * - 429, 500 and 503: deliver again, after `Retry-After` if given. Only 429 and 503 tell that the receiver has too much to do;
 *   a failure of one event is 500, so that its sender does not slow down for the others;
 * - 400, 401, 405 and 422: the event will never succeed, so the sender keeps it as a dead letter.
 *
 * Only a failure has a body, for the dead letter: after a success Knative would take a body for a broken CloudEvent.
 * Source: Knative specs, eventing/data-plane.md.
 */
export function createCloudEventsHandler(deps: HandlerDeps) {
  const { app, metrics, timeoutMs, replies, authenticate } = deps;
  const { clock, logger } = app;

  return async (request: ServedRequest): Promise<ServedAnswer> => {
    if (request.method !== 'POST') {
      return problem(405, 'InvalidRequest', `expected POST, got ${request.method}`, { allow: 'POST' });
    }
    const refused = await authenticate?.(request.headers.authorization).catch(toAppError);
    if (refused) {
      logger.warn({ code: refused.code, reason: refused.message }, 'request refused');
      return refused.code === 'IdentityRefused'
        ? problem(401, refused.code, refused.message, { 'www-authenticate': 'Bearer' })
        : failureAnswer(refused);
    }
    const received = readCloudEvents(request);
    // A Trigger without a filter sends our own replies back to us.
    const events = received?.events.filter(({ attributes }) => attributes.type !== REPLY_TYPE) ?? [];
    const traceparent = traceparentOf(request, events);
    return inRequest(requestIdOf(traceparent, events), async () => {
      try {
        const report = await processEvents(received ? envelopeOf(events) : request.body, app, {
          deadline: clock.monotonic() + timeoutMs,
          signal: request.signal,
        });
        metrics.countRecords(report);
        return refusal(report, received?.faults ?? []) ?? (await success(report, traceparent));
      } catch (thrown) {
        const error = toAppError(thrown);
        logger.error({ code: error.code, reason: error.message }, 'request failed');
        return failureAnswer(error);
      }
    });
  };

  async function success(
    { records }: InvocationReport,
    traceparent: string | undefined,
  ): Promise<ServedAnswer> {
    const [record] = records;
    if (!replies || records.length !== 1) return EMPTY;
    if (record?.outcome !== 'processed' && record?.outcome !== 'duplicate') return EMPTY;
    const { resultBucket } = app.options.pipeline;
    const reply = await createReply(record, { openBucket: app.openBucket, resultBucket }, traceparent);
    return reply ? { status: 200, ...toHttpMessage(reply, 'binary') } : EMPTY;
  }
}

const EMPTY: ServedAnswer = { status: 204 };

/** The input for `openEnvelope`. */
function envelopeOf(events: readonly ReceivedEvent[]): unknown {
  const values = events.map(({ attributes, data }) => ({ ...attributes, data }));
  return values.length === 1 ? values[0] : values;
}

/** W3C Trace Context: from the last hop, or from the event itself. */
function traceparentOf({ headers }: ServedRequest, events: readonly ReceivedEvent[]): string | undefined {
  const candidates = [headers.traceparent, ...events.map(({ attributes }) => attributes.traceparent)];
  return candidates.find(
    (text): text is string =>
      typeof text === 'string' && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text),
  );
}

/** Marks the log lines of a request: the id of its trace, or of its event. */
function requestIdOf(traceparent: string | undefined, events: readonly ReceivedEvent[]): string {
  return traceparent?.split('-')[1] ?? String(events[0]?.attributes.id ?? 'none');
}

/** `Aborted`: the time of the request is over, or the receiver stops. */
function failureAnswer(error: AppError): HttpAnswer {
  const { code, kind, message } = error;
  return kind === 'transient' && code !== 'Aborted' ? problem(500, code, message) : problemOf(error);
}

/** Records to deliver again come before final failures: in the next delivery, each finished record costs one HEAD. */
function refusal(report: InvocationReport, malformed: readonly AppError[]): ServedAnswer | undefined {
  const again = failureOf(report);
  if (again) return failureAnswer(again);
  const [unreadable] = [
    ...malformed.map(({ code, message }) => ({ code, reason: message })),
    ...report.faults,
  ];
  if (unreadable) return problem(400, unreadable.code, unreadable.reason);
  const lost = report.records.find((record) => record.outcome === 'undone');
  return lost?.outcome === 'undone' ? problemOf(lost.error) : undefined;
}
