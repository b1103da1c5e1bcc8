import type { InvocationContext } from '../../../shared/runtime/invocation-context.ts';
import type { FunctionHooks } from '../managed/hooks.ts';

/** The request of an HTTP function of Function Compute 2.0: a stream. Source: its documents, HTTP handlers of Node.js. */
export interface HttpFunctionRequest extends AsyncIterable<Uint8Array> {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpFunctionResponse {
  setStatusCode(status: number): void;
  setHeader(name: string, value: string): void;
  send(body: string): void;
}

/** Needs no bound of its own: Function Compute passes on at most 32 MB. */
export async function answerHttpFunction(
  hooks: Pick<FunctionHooks, 'answer'>,
  request: HttpFunctionRequest,
  response: HttpFunctionResponse,
  context: InvocationContext,
  startedAt?: number,
): Promise<void> {
  const { method, headers } = request;
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer = await hooks.answer({ method, headers, body: Buffer.concat(chunks) }, context, startedAt);
  response.setStatusCode(answer.status);
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.send(answer.body);
}
