import { toHttpMessage } from '../../shared/envelope/cloud-event.ts';
import { type ReceivedEvent, readCloudEvents } from '../../shared/envelope/http-cloud-events.ts';
import { type AppError, toAppError } from '../../shared/runtime/errors.ts';
import type { ServedAnswer, ServedRequest } from '../../shared/runtime/http-server.ts';
import { failureOf, type InvocationReport, processEvent } from './invocation.ts';
import type { Parts } from './parts.ts';
import { problem, problemOf } from './problem.ts';
import type { ReceiverMetrics } from './receiver-metrics.ts';
import { createReply, REPLY_TYPE } from './reply-event.ts';
import { inRequest } from './request-log.ts';

export interface ReceiverParts {
  readonly parts: Pick<Parts, 'options' | 'openBucket' | 'clock' | 'logger' | 'work'>;
  readonly metrics: Pick<ReceiverMetrics, 'countRecords'>;
  readonly timeoutMs: number;
  readonly replies: boolean;
}

/**
 * Answers CloudEvents, and bare bodies in any envelope, as the data plane of Knative understands it:
 * - 204, or 200 with a CloudEvent that tells of the result: every record has an outcome, a recorded failure included;
 * - 429, 500 and 503: it has to come again, after `Retry-After` where that is given;
 * - 400, 405 and 422: it will never succeed, so the sender keeps it as a dead letter.
 *
 * The body of a failure is for that dead letter. Of a success it would be taken for a broken CloudEvent.
 * Source: Knative specs, eventing/data-plane.md.
 */
export function createReceiver({ parts, metrics, timeoutMs, replies }: ReceiverParts) {
  const { clock, logger, openBucket, options } = parts;

  return async (request: ServedRequest): Promise<ServedAnswer> => {
    if (request.method !== 'POST') {
      return problem(405, 'InvalidRequest', `expected POST, got ${request.method}`, { allow: 'POST' });
    }
    const received = readCloudEvents(request);
    // A Trigger without a filter sends our own replies back.
    const events = received?.events.filter(({ attributes }) => attributes.type !== REPLY_TYPE) ?? [];
    const traceparent = traceparentOf(request, events);
    return inRequest(requestIdOf(traceparent, events), async () => {
      try {
        const report = await processEvent(
          received ? envelopeOf(events) : request.body,
          { clock, logger, work: await parts.work(), concurrency: options.recordConcurrency },
          { deadline: clock.now() + timeoutMs, signal: request.signal },
        );
        metrics.countRecords(report);
        return refusal(report, received?.faults ?? []) ?? (await success(report, traceparent));
      } catch (thrown) {
        const error = toAppError(thrown);
        logger.error({ code: error.code, reason: error.message }, 'request failed');
        return problemOf(error);
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
    const reply = await createReply({ ...record, traceparent }, { openBucket, options: options.pipeline });
    return reply ? { status: 200, ...toHttpMessage(reply, 'binary') } : EMPTY;
  }
}

const EMPTY: ServedAnswer = { status: 204 };

/** What `openEnvelope` takes. */
function envelopeOf(events: readonly ReceivedEvent[]): unknown {
  const values = events.map(({ attributes, data }) => ({ ...attributes, data }));
  return values.length === 1 ? values[0] : values;
}

/** W3C Trace Context: of the last hop, or of the event itself. */
function traceparentOf({ headers }: ServedRequest, events: readonly ReceivedEvent[]): string | undefined {
  const candidates = [headers.traceparent, ...events.map(({ attributes }) => attributes.traceparent)];
  return candidates.find(
    (text): text is string =>
      typeof text === 'string' && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text),
  );
}

/** By which the lines of a request are found: that of its trace, or of its event. */
function requestIdOf(traceparent: string | undefined, events: readonly ReceivedEvent[]): string {
  return traceparent?.split('-')[1] ?? String(events[0]?.attributes.id ?? 'none');
}

/** What comes again goes before what never will: in the next delivery, the good parts cost one look each. */
function refusal(report: InvocationReport, malformed: readonly AppError[]): ServedAnswer | undefined {
  const again = failureOf(report);
  if (again) return problemOf(again);
  const [unreadable] = [
    ...malformed.map(({ code, message }) => ({ code, reason: message })),
    ...report.faults,
  ];
  if (unreadable) return problem(400, unreadable.code, unreadable.reason);
  const lost = report.records.find((record) => record.outcome === 'undone');
  return lost?.outcome === 'undone' ? problemOf(lost.error) : undefined;
}
