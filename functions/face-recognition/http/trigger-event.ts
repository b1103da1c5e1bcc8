import * as z from 'zod/mini';
import type { HttpMessage } from '../../../shared/envelope/http-message.ts';
import { parseJson } from '../../../shared/runtime/json.ts';
import type { HttpAnswer } from './problem.ts';

/** An HTTP request, in whatever form the runtime passed it. */
export interface HttpRequest extends HttpMessage {
  readonly method: string;
}

const schema = z.object({
  version: z.literal('v1'),
  headers: z.optional(z.record(z.string(), z.string())),
  body: z.string(),
  isBase64Encoded: z.optional(z.boolean()),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
});

/** The request in the event of an HTTP trigger ("v1" of Function Compute 3.0); `undefined` for any other event. */
export function readTriggerEvent(event: Uint8Array): HttpRequest | undefined {
  // Most events have no request. Searching the bytes avoids parsing those twice.
  if (!Buffer.from(event.buffer, event.byteOffset, event.byteLength).includes('"requestContext"')) {
    return undefined;
  }
  const parsed = schema.safeParse(parseJson(new TextDecoder().decode(event)));
  if (!parsed.success) return undefined;
  const { headers = {}, body, isBase64Encoded, requestContext } = parsed.data;
  return {
    method: requestContext.http.method,
    headers,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/** The answer as Function Compute's built-in runtimes return it to an HTTP trigger. */
export function toTriggerReply({ status, headers, body }: HttpAnswer) {
  return { statusCode: status, headers, isBase64Encoded: false, body };
}
