import { gunzipSync } from 'node:zlib';
import * as z from 'zod/mini';

/** A dead letter, whoever wrote it. */
export interface Letter {
  /** Of the message or invocation that failed. */
  readonly id: string;
  readonly reason: string;
  /** What was to be handled, as it was. */
  readonly body: string;
  /** Where it failed, and so goes again unless told otherwise; unknown of a bare body. */
  readonly home?: LetterHome;
}

export type LetterHome =
  | { readonly kind: 'queue'; readonly queue: string }
  | { readonly kind: 'function'; readonly arn: string };

/** More than a message can hold, however well it is packed. */
const MAX_BODY_BYTES = 1_048_576;

const gzipped = z.pipe(
  z.string(),
  z.transform((text, context) => {
    try {
      return gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_BODY_BYTES }).toString('utf8');
    } catch {
      context.issues.push({ code: 'custom', message: 'no gzip', input: text });
      return z.NEVER;
    }
  }),
);

/** `functions/mns-poller` writes it; a body that leaves no room for the rest is packed. */
const ofPoller = z.pipe(
  z.object({
    queue: z.string(),
    messageId: z.string(),
    body: z.optional(z.string()),
    bodyGzip: z.optional(gzipped),
    code: z.string(),
    reason: z.string(),
  }),
  z.transform(({ body, bodyGzip, ...letter }) => ({ ...letter, body: body ?? bodyGzip })),
);

/** Function Compute sends it to the destination of a failed asynchronous invocation. */
const ofInvocation = z.object({
  requestContext: z.object({
    requestId: z.string(),
    functionArn: z.string(),
    condition: z.optional(z.string()),
    approximateInvokeCount: z.optional(z.number()),
  }),
  requestPayload: z.union([z.string(), z.looseObject({}), z.array(z.unknown())]),
  responseContext: z.optional(z.looseObject({ functionError: z.optional(z.string()) })),
});

/** Reads what lies in a queue or object of dead letters. What is neither of ours is a bare body, such as EventBridge leaves. */
export function readLetter(text: string, fallbackId: string): Letter {
  const value = parse(text) ?? parse(Buffer.from(text, 'base64').toString('utf8'));
  const poller = z.safeParse(ofPoller, value);
  if (poller.success && poller.data.body !== undefined) {
    const { queue, messageId, body, code, reason } = poller.data;
    return { id: messageId, reason: `${code}: ${reason}`, body, home: { kind: 'queue', queue } };
  }
  const invocation = z.safeParse(ofInvocation, value);
  if (invocation.success) {
    const { requestContext, requestPayload, responseContext } = invocation.data;
    const { requestId, functionArn, condition, approximateInvokeCount } = requestContext;
    const what = responseContext?.functionError || condition || 'failed';
    const tries = approximateInvokeCount === undefined ? '' : ` after ${approximateInvokeCount} tries`;
    return {
      id: requestId,
      reason: `${what}${tries}`,
      body: typeof requestPayload === 'string' ? requestPayload : JSON.stringify(requestPayload),
      home: { kind: 'function', arn: functionArn },
    };
  }
  return { id: fallbackId, reason: 'no reason was kept', body: text };
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}
