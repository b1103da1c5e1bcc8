import { environmentCredentials } from '../../../shared/runtime/credentials.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { createCredentialSlot, type InvocationContext } from '../../../shared/runtime/invocation-context.ts';
import { type App, type AppDeps, createApp } from '../app.ts';
import type { HttpAnswer } from '../http/problem.ts';
import { type HttpRequest, readTriggerEvent, toTriggerReply } from '../http/trigger-event.ts';
import { processEvents } from '../invocation.ts';
import { describeReport, failureOf, type InvocationReport, type Rejected, rejectedOf } from '../report.ts';
import { inRequest } from '../request-log.ts';

/** Milliseconds of the timeout that are reserved for the answer. */
const ANSWER_MS = 1000;

/** The hooks of Function Compute, for the managed runtime and for custom runtimes. */
export interface FunctionHooks {
  /** @param startedAt when the call began, by the monotonic clock, in milliseconds. `@default` now; the same for the others */
  initialize(context: InvocationContext, startedAt?: number): Promise<void>;
  /** Resolves to the report of records that are done; throws when a record must be delivered again. */
  handler(event: Uint8Array, context: InvocationContext, startedAt?: number): Promise<unknown>;
  /** Answers an HTTP request, in whatever form the runtime passed it. */
  answer(request: HttpRequest, context: InvocationContext, startedAt?: number): Promise<HttpAnswer>;
  preStop(context: InvocationContext): Promise<void>;
}

/** Stores what an event leaves behind, or fails: then Function Compute keeps the whole event. */
async function keepRejected(
  report: InvocationReport,
  { deadLetters, logger }: App,
  { requestId }: InvocationContext,
): Promise<void> {
  const rejected = rejectedOf(report);
  if (rejected.length === 0) return;
  const [{ code, reason }] = rejected as [Rejected];
  if (!deadLetters) throw new AppError(code, reason);
  await deadLetters.put(rejected, requestId);
  logger.warn({ rejected: rejected.length, code, reason }, 'parts of the event are dead letters');
}

export function createFunctionHooks(deps: Omit<AppDeps, 'credentials'>): FunctionHooks {
  const { env, clock } = deps;
  const credentials = createCredentialSlot(environmentCredentials(env));
  let app: App | undefined;

  /** Every invocation begins here, with credentials and a deadline of its own. */
  const begin = (context: InvocationContext, startedAt: number): { app: App; deadline: number } => {
    credentials.take(context);
    app ??= createApp({ ...deps, credentials: credentials.provider });
    return { app, deadline: startedAt + context.function.timeout * 1000 - ANSWER_MS };
  };

  const hooks: FunctionHooks = {
    async initialize(context, startedAt = clock.monotonic()) {
      const { app } = begin(context, startedAt);
      await inRequest(context.requestId, app.warmUp);
    },
    async handler(event, context, startedAt = clock.monotonic()) {
      const request = readTriggerEvent(event);
      if (request) return toTriggerReply(await hooks.answer(request, context, startedAt));
      const { app, deadline } = begin(context, startedAt);
      return inRequest(context.requestId, async () => {
        const report = await processEvents(event, app, { deadline });
        const failure = failureOf(report);
        if (failure) throw failure;
        await keepRejected(report, app, context);
        return describeReport(report);
      });
    },
    async answer(request, context, startedAt = clock.monotonic()) {
      const { app, deadline } = begin(context, startedAt);
      const { answerHttp } = await import('../http/answer.ts');
      return inRequest(context.requestId, () => answerHttp(request, app, { deadline }));
    },
    async preStop(context) {
      credentials.take(context);
      await app?.close();
      app = undefined;
    },
  };
  return hooks;
}
