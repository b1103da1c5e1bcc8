import { environmentCredentials } from '../../shared/runtime/credentials.ts';
import { createCredentialSlot, type InvocationContext } from '../../shared/runtime/invocation-context.ts';
import { type HttpTriggerReply, type HttpTriggerRequest, readHttpTrigger } from './http-request.ts';
import { describeReport, failureOf, processEvent } from './invocation.ts';
import { createParts, type Parts, type PartsOptions } from './parts.ts';
import { inRequest } from './request-log.ts';

/** Milliseconds of the timeout that are left for the answer. */
const ANSWER_MS = 1000;

/** The hooks of Function Compute, for the managed runtime (`fc.ts`) and the HTTP ones (`server.ts`). */
export interface FaceRecognition {
  /** Returns the report of what is done for good, and throws when something has to come again. */
  handler(event: Uint8Array, context: InvocationContext): Promise<unknown>;
  answer(request: HttpTriggerRequest, context: InvocationContext): Promise<HttpTriggerReply>;
  initialize(context: InvocationContext): Promise<void>;
  preStop(context: InvocationContext): Promise<void>;
}

export function createFaceRecognition(options: Omit<PartsOptions, 'credentials'>): FaceRecognition {
  const { env, clock } = options;
  const credentials = createCredentialSlot(environmentCredentials(env));
  let parts: Parts | undefined;

  /** Everything of an invocation happens in here: its credentials, its request id, its deadline. */
  const invoke = <T>(
    context: InvocationContext,
    work: (parts: Parts, limits: { deadline: number }) => Promise<T>,
  ): Promise<T> => {
    const deadline = clock.now() + context.function.timeout * 1000 - ANSWER_MS;
    credentials.take(context);
    return inRequest(context.requestId, async () => {
      parts ??= createParts({ ...options, credentials: credentials.provider });
      return work(parts, { deadline });
    });
  };

  const answer: FaceRecognition['answer'] = (request, context) =>
    invoke(context, async (held, limits) => {
      const { region, pipeline: pipelineOptions, people } = held.options;
      const work = await held.work();
      const { answerHttp } = await import('./http-trigger.ts');
      return answerHttp(request, { ...held, work, options: pipelineOptions, people, region }, limits);
    });

  return {
    answer,
    handler(event, context) {
      const request = readHttpTrigger(event);
      if (request) return answer(request, context);
      return invoke(context, async (held, limits) => {
        const { recordConcurrency: concurrency } = held.options;
        const report = await processEvent(event, { ...held, work: await held.work(), concurrency }, limits);
        const failure = failureOf(report);
        if (failure) throw failure;
        return describeReport(report);
      });
    },
    initialize: (context) => invoke(context, (held) => held.warmUp()),
    async preStop(context) {
      credentials.take(context);
      await parts?.close();
      parts = undefined;
    },
  };
}
