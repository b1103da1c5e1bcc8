import { systemClock } from '../../shared/runtime/clock.ts';
import type { InvocationContext } from '../../shared/runtime/invocation-context.ts';
import { createFaceRecognition } from './function.ts';
import {
  answerHttpFunction,
  type HttpFunctionRequest,
  type HttpFunctionResponse,
  isHttpFunctionRequest,
} from './http-function.ts';

/** Function Compute's managed Node runtime: `index.handler`, `index.initialize` and `index.preStop`. */
const fn = createFaceRecognition({ env: process.env, clock: systemClock, random: Math.random });

export const { initialize, preStop } = fn;

type EventArguments = [event: Uint8Array, context: InvocationContext];
type HttpArguments = [
  request: HttpFunctionRequest,
  response: HttpFunctionResponse,
  context: InvocationContext,
];

/** Takes an event, as in 3.0 and 2.0, or the request and response of an HTTP function of 2.0. */
export async function handler(...given: EventArguments | HttpArguments): Promise<unknown> {
  const [input] = given;
  if (!isHttpFunctionRequest(input)) return fn.handler(input, given[1] as InvocationContext);
  const [request, response, context] = given as HttpArguments;
  return answerHttpFunction(fn, request, response, context);
}
