import { systemClock } from '../../shared/runtime/clock.ts';
import type { InvocationContext } from '../../shared/runtime/invocation-context.ts';
import type { FaceRecognition } from './function.ts';
import type { HttpFunctionRequest, HttpFunctionResponse } from './http-function.ts';

/**
 * Loaded by the initializer, or by the first call where there is none: what goes wrong then is that call's error, and its
 * time stands in that call's log.
 */
let loading: Promise<FaceRecognition> | undefined;

function load(): Promise<FaceRecognition> {
  loading ??= import('./function.ts').then(({ createFaceRecognition }) =>
    createFaceRecognition({ env: process.env, clock: systemClock, random: Math.random }),
  );
  return loading;
}

// Function Compute's managed Node runtime: `index.initialize`, `index.handler` and `index.preStop`.

export async function initialize(context: InvocationContext): Promise<void> {
  await (await load()).initialize(context);
}

type EventArguments = [event: Uint8Array, context: InvocationContext];
type HttpArguments = [
  request: HttpFunctionRequest,
  response: HttpFunctionResponse,
  context: InvocationContext,
];

/** Takes an event, as in 3.0 and 2.0, or the request and response of an HTTP function of 2.0. */
export async function handler(...given: EventArguments | HttpArguments): Promise<unknown> {
  const fn = await load();
  const [input] = given;
  if (input instanceof Uint8Array) return fn.handler(input, given[1] as InvocationContext);
  const { answerHttpFunction } = await import('./http-function.ts');
  const [request, response, context] = given as HttpArguments;
  return answerHttpFunction(fn, request, response, context);
}

export async function preStop(context: InvocationContext): Promise<void> {
  await (await loading)?.preStop(context);
}
