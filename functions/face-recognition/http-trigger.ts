import * as z from 'zod/mini';
import type { OssObjectEvent, OssRecord } from '../../shared/envelope/event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import { eventOf, whyNotRecord } from '../../shared/envelope/record.ts';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import type { Dispatch, DispatchOutcome } from '../../shared/pipeline/dispatch.ts';
import type { PipelineOptions } from '../../shared/pipeline/options.ts';
import type { PeopleOptions } from '../../shared/pipeline/people-options.ts';
import { resultKeys } from '../../shared/results/keys.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { toAppError } from '../../shared/runtime/errors.ts';
import type { HttpTriggerReply, HttpTriggerRequest } from './http-request.ts';
import { type Problem, problem, problemOf } from './problem.ts';

export interface HttpTriggerParts {
  readonly work: Dispatch;
  readonly openBucket: OpenBucket;
  readonly options: PipelineOptions;
  readonly people: PeopleOptions;
  readonly region: string;
  readonly clock: Clock;
}

const MAX_DOCUMENT = 6 * 1024 * 1024;

const objectRequest = z.strictObject({ bucket: z.string(), key: z.string() });

/**
 * Answers a CloudEvent, or any other envelope with one record, and a request `{"bucket", "key"}` with the result
 * document. Never throws: an HTTP caller is told by status – 4xx will not pass, 429 and 503 may.
 */
export async function answerHttp(
  request: HttpTriggerRequest,
  parts: HttpTriggerParts,
  { deadline }: { readonly deadline: number },
): Promise<HttpTriggerReply> {
  if (request.method !== 'POST') {
    return refuse(405, 'InvalidRequest', `expected POST, got ${request.method}`, { allow: 'POST' });
  }
  const stop = new AbortController();
  const cancel = parts.clock.after(deadline - parts.clock.now(), () => stop.abort());
  try {
    const event = await eventFor(request, parts);
    if ('statusCode' in event) return event;
    const outcome = await parts.work(event, { signal: stop.signal, deadline });
    return await reply(event, outcome, parts);
  } catch (thrown) {
    return replyOf(problemOf(toAppError(thrown)));
  } finally {
    cancel();
  }
}

async function eventFor(
  request: HttpTriggerRequest,
  parts: HttpTriggerParts,
): Promise<OssObjectEvent | HttpTriggerReply> {
  const asked = objectRequest.safeParse(parseJson(request.body));
  if (asked.success) return eventOfObject(asked.data, parts);
  const { events, faults } = openEnvelope(request.message);
  if (faults[0]) return refuse(400, faults[0].error.code, faults[0].error.message);
  if (events.length === 1) return events[0]!;
  return refuse(
    400,
    'EnvelopeUnknown',
    `expected one record or {"bucket", "key"}, got ${events.length} records`,
  );
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** As the event of the object's last write would be; its request id is the same however often somebody asks. */
async function eventOfObject(
  { bucket, key }: { bucket: string; key: string },
  { openBucket, region }: HttpTriggerParts,
): Promise<OssObjectEvent | HttpTriggerReply> {
  const record = (object: OssRecord['oss']['object'], eventTime: string, requestId: string): OssRecord => ({
    eventName: 'ObjectCreated:PutObject',
    eventSource: 'acs:oss',
    eventTime,
    region,
    responseElements: { requestId },
    oss: { bucket: { name: bucket }, object },
  });
  const fault = whyNotRecord(record({ key }, '2026-01-01T00:00:00.000Z', 'asked'));
  if (fault) return refuse(400, 'InvalidRequest', `no bucket and key: ${fault}`);
  const head = await openBucket(bucket, region).head(key);
  if (!head) return refuse(404, 'NoSuchKey', `oss://${bucket}/${key} does not exist`);
  const { size, etag, versionId, lastModified } = head;
  const object = { key, size, eTag: etag, versionId };
  const requestId = `asked-${etag}-${lastModified}`;
  return eventOf(record(object, new Date(lastModified).toISOString(), requestId), {
    envelopes: ['http-v1'],
    index: 0,
  });
}

async function reply(
  event: OssObjectEvent,
  outcome: DispatchOutcome,
  parts: HttpTriggerParts,
): Promise<HttpTriggerReply> {
  const { bucket, key, region } = event;
  if (outcome.outcome === 'gone') return refuse(404, 'NoSuchKey', `oss://${bucket}/${key} does not exist`);
  if (outcome.outcome === 'ignored') {
    return refuse(422, 'InvalidRequest', `oss://${bucket}/${key} is not processed: ${outcome.rule}`);
  }
  const results = parts.openBucket(parts.options.resultBucket ?? bucket, region);
  const document = 'document' in outcome ? outcome.document : await documentOf(event, parts);
  const { head, body } = await results.get(document);
  if (head.size > MAX_DOCUMENT) {
    body.destroy();
    return refuse(413, 'EventTooLarge', `the result has ${head.size} bytes: read it from OSS at ${document}`);
  }
  return replyOf({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.concat(await body.toArray()).toString(),
  });
}

/** Where the document of a later write lies. */
async function documentOf(event: OssObjectEvent, { options, people }: HttpTriggerParts): Promise<string> {
  const { gallery, peoplePrefix } = people;
  if (gallery === 'off' || !event.key.startsWith(peoplePrefix)) {
    return resultKeys(options.resultPrefix, event).document;
  }
  const { enrolmentKeys } = await import('../../shared/pipeline/enrol-record.ts');
  return enrolmentKeys(options.resultPrefix, event).document;
}

function refuse(...what: Parameters<typeof problem>): HttpTriggerReply {
  return replyOf(problem(...what));
}

function replyOf({ status, headers, body }: Problem): HttpTriggerReply {
  return { statusCode: status, headers, isBase64Encoded: false, body };
}
