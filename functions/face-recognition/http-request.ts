import * as z from 'zod/mini';

/** A request of an HTTP trigger, whichever runtime it reached us through. */
export interface HttpTriggerRequest {
  readonly method: string;
  readonly requestId: string;
  readonly body: Buffer;
  /** What `openEnvelope` takes: headers and body of a CloudEvent belong together. */
  readonly message: unknown;
}

/** What Function Compute's built-in runtimes answer an HTTP trigger with. */
export interface HttpTriggerReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly isBase64Encoded: false;
  readonly body: string;
}

const schema = z.object({
  version: z.literal('v1'),
  body: z.string(),
  isBase64Encoded: z.optional(z.boolean()),
  requestContext: z.object({ requestId: z.string(), http: z.object({ method: z.string() }) }),
});

/** The request in the event of an HTTP trigger ("v1" of Function Compute 3.0); `undefined` for any other event. */
export function readHttpTrigger(event: Uint8Array): HttpTriggerRequest | undefined {
  // Most events are none: this look spares parsing them twice.
  if (!Buffer.from(event.buffer, event.byteOffset, event.byteLength).includes('"requestContext"')) {
    return undefined;
  }
  let message: unknown;
  try {
    message = JSON.parse(new TextDecoder().decode(event));
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(message);
  if (!parsed.success) return undefined;
  const { body, isBase64Encoded, requestContext } = parsed.data;
  return {
    method: requestContext.http.method,
    requestId: requestContext.requestId,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
    message,
  };
}
