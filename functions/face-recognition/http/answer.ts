import * as z from 'zod/mini';
import type { OssObjectEvent } from '../../../shared/envelope/event.ts';
import { fromHttpMessage } from '../../../shared/envelope/http-message.ts';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { eventOf, uploadRecord, whyNotRecord } from '../../../shared/envelope/record.ts';
import type { Outcome } from '../../../shared/pipeline/outcome.ts';
import { resultKeys } from '../../../shared/results/keys.ts';
import { toAppError } from '../../../shared/runtime/errors.ts';
import { parseJson } from '../../../shared/runtime/json.ts';
import type { App } from '../app.ts';
import { assertSource } from '../sources.ts';
import { type HttpAnswer, problem, problemOf } from './problem.ts';
import type { HttpRequest } from './trigger-event.ts';

type AnsweringApp = Pick<App, 'options' | 'openBucket' | 'clock' | 'pipeline' | 'logger'>;

/** The largest result document that is returned, in bytes. */
const MAX_DOCUMENT_BYTES = 6 * 1024 * 1024;

const objectRequest = z.strictObject({ bucket: z.string(), key: z.string() });

/**
 * Answers with the result document: of the one record in a CloudEvent or any other envelope, or of the object in
 * `{"bucket", "key"}`. Never throws: the status reports failures – 4xx is final, 429 and 503 may pass.
 */
export async function answerHttp(
  request: HttpRequest,
  app: AnsweringApp,
  limits: { readonly deadline: number },
): Promise<HttpAnswer> {
  const startedAt = app.clock.now();
  const answer = await answerTo(request, app, limits);
  logAnswer(request, answer, app.clock.now() - startedAt, app);
  return answer;
}

/** The operator sees every request, also those that fail: the caller alone gets the answer. */
function logAnswer({ method }: HttpRequest, answer: HttpAnswer, ms: number, { logger }: AnsweringApp): void {
  const { status } = answer;
  if (status < 400) {
    logger.info({ method, status, ms }, 'request');
    return;
  }
  const { code, message: reason } = JSON.parse(answer.body);
  const fields = { method, status, code, reason, ms };
  if (status < 500) logger.warn(fields, 'request refused');
  else logger.error(fields, 'request failed');
}

async function answerTo(
  request: HttpRequest,
  app: AnsweringApp,
  { deadline }: { readonly deadline: number },
): Promise<HttpAnswer> {
  if (request.method !== 'POST') {
    return problem(405, 'InvalidRequest', `expected POST, got ${request.method}`, { allow: 'POST' });
  }
  const stop = new AbortController();
  const cancel = app.clock.after(deadline - app.clock.monotonic(), () => stop.abort());
  try {
    const event = await eventFor(request, app);
    if ('status' in event) return event;
    const process = await app.pipeline();
    const outcome = await process(event, { signal: stop.signal, deadline });
    return await answerOf(event, outcome, app);
  } catch (thrown) {
    return problemOf(toAppError(thrown));
  } finally {
    cancel();
  }
}

async function eventFor(request: HttpRequest, app: AnsweringApp): Promise<OssObjectEvent | HttpAnswer> {
  const { events, faults } = openEnvelope(fromHttpMessage(request));
  const [event] = events;
  if (event && events.length === 1 && faults.length === 0) {
    assertSource(event, app.options.sourceBuckets);
    return event;
  }
  const asked = objectRequest.safeParse(parseJson(Buffer.from(request.body).toString()));
  if (asked.success) return eventOfObject(asked.data, app);
  if (faults[0]) return problem(400, faults[0].error.code, faults[0].error.message);
  const expected = 'expected one record or {"bucket", "key"}';
  return problem(400, 'EnvelopeUnknown', `${expected}, got ${events.length} records`);
}

/** The event of the object's last write. Its request id is the same for every request. */
async function eventOfObject(
  { bucket, key }: { bucket: string; key: string },
  { openBucket, options: { region, sourceBuckets } }: AnsweringApp,
): Promise<OssObjectEvent | HttpAnswer> {
  const object = { bucket, key, region };
  const fault = whyNotRecord(uploadRecord({ ...object, requestId: 'asked', time: 0 }));
  if (fault) return problem(400, 'InvalidRequest', `invalid bucket or key: ${fault}`);
  assertSource({ bucket, region }, sourceBuckets);
  const head = await openBucket(bucket, region).head(key);
  if (!head) return problem(404, 'NoSuchKey', `oss://${bucket}/${key} does not exist`);
  const { size, etag, versionId, lastModified: time } = head;
  const requestId = `asked-${etag}-${time}`;
  const record = uploadRecord({ ...object, requestId, time, size, etag, versionId });
  return eventOf(record, { envelopes: ['http-v1'], index: 0 });
}

async function answerOf(event: OssObjectEvent, outcome: Outcome, app: AnsweringApp): Promise<HttpAnswer> {
  const { bucket, key, region } = event;
  if (outcome.outcome === 'gone') return problem(404, 'NoSuchKey', `oss://${bucket}/${key} does not exist`);
  if (outcome.outcome === 'ignored') {
    return problem(422, 'InvalidRequest', `oss://${bucket}/${key} is not processed: ${outcome.rule}`);
  }
  const results = app.openBucket(app.options.pipeline.resultBucket ?? bucket, region);
  const document = 'document' in outcome ? outcome.document : await documentOf(event, app);
  const { head, body } = await results.get(document);
  if (head.size > MAX_DOCUMENT_BYTES) {
    body.destroy();
    return problem(
      413,
      'EventTooLarge',
      `the result has ${head.size} bytes: read it from OSS at ${document}`,
    );
  }
  const headers = { 'content-type': 'application/json' };
  return { status: 200, headers, body: Buffer.concat(await body.toArray()).toString() };
}

/** The key of the document of a later write. */
async function documentOf(event: OssObjectEvent, { options }: AnsweringApp): Promise<string> {
  const { gallery, peoplePrefix } = options.people;
  const { resultPrefix } = options.pipeline;
  if (gallery === 'off' || !event.key.startsWith(peoplePrefix)) {
    return resultKeys(resultPrefix, event).document;
  }
  const { enrolmentKeys } = await import('../../../shared/pipeline/people/record.ts');
  return enrolmentKeys(resultPrefix, event).document;
}
