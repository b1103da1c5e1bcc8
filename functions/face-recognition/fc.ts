import { systemClock } from '../../shared/runtime/clock.ts';
import type { InvocationContext } from '../../shared/runtime/invocation-context.ts';
import type { HttpFunctionRequest, HttpFunctionResponse } from './http/function.ts';
import type { FunctionHooks } from './managed/hooks.ts';
import { WRAPPERS } from './wrappers.ts';

/** Loaded by the initializer, or by the first call if there is no initializer: its errors and its time belong to that call. */
let loading: Promise<FunctionHooks> | undefined;

function load(): Promise<FunctionHooks> {
  loading ??= WRAPPERS.managed().then((createFunctionHooks) =>
    createFunctionHooks({ env: process.env, clock: systemClock, random: Math.random }),
  );
  // The next call tries again: a file that could not be read once may be readable then.
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

// Function Compute's managed Node runtime: `index.initialize`, `index.handler` and `index.preStop`.

export async function initialize(context: InvocationContext): Promise<void> {
  const startedAt = systemClock.monotonic();
  await (await load()).initialize(context, startedAt);
}

type EventArguments = [event: Uint8Array, context: InvocationContext];
type HttpArguments = [
  request: HttpFunctionRequest,
  response: HttpFunctionResponse,
  context: InvocationContext,
];

/** Takes an event, as in 3.0 and 2.0, or the request and response of an HTTP function of 2.0. */
export async function handler(...given: EventArguments | HttpArguments): Promise<unknown> {
  // The time that loading takes is part of the function's timeout.
  const startedAt = systemClock.monotonic();
  const hooks = await load();
  if (given[0] instanceof Uint8Array) {
    const [event, context] = given as EventArguments;
    return hooks.handler(event, context, startedAt);
  }
  const [request, response, context] = given as HttpArguments;
  const answerHttpFunction = await WRAPPERS['http-function']();
  return answerHttpFunction(hooks, request, response, context, startedAt);
}

export async function preStop(context: InvocationContext): Promise<void> {
  await (await loading)?.preStop(context);
}
