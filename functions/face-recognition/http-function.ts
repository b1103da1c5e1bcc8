import { fromHttpMessage } from '../../shared/envelope/http-message.ts';
import type { InvocationContext } from '../../shared/runtime/invocation-context.ts';
import type { FaceRecognition } from './function.ts';

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

/** The largest body that Function Compute hands on is 32 MB, so that it needs no bound here. */
export async function answerHttpFunction(
  fn: Pick<FaceRecognition, 'answer'>,
  request: HttpFunctionRequest,
  response: HttpFunctionResponse,
  context: InvocationContext,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { method, headers } = request;
  const message = fromHttpMessage({ headers, body });
  const reply = await fn.answer({ method, requestId: context.requestId, body, message }, context);
  response.setStatusCode(reply.statusCode);
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  response.send(reply.body);
}
