import { gunzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { parseJson } from '../../shared/runtime/json.ts';

/** A dead letter, in one form for all senders. */
export interface Letter {
  /** Of the message or invocation that failed. */
  readonly id: string;
  readonly reason: string;
  /** The unchanged body of the message or invocation. */
  readonly body: string;
  /** Where it failed: the default target of a redrive. Unknown for a bare body. */
  readonly origin?: LetterOrigin;
}

export type LetterOrigin =
  | { readonly kind: 'queue'; readonly queue: string }
  | { readonly kind: 'function'; readonly arn: string };

/** Larger than any message, even a compressed one. */
const MAX_BODY_BYTES = 1_048_576;

const gzipped = z.pipe(
  z.string(),
  z.transform((text, context) => {
    try {
      return gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_BODY_BYTES }).toString('utf8');
    } catch {
      context.issues.push({ code: 'custom', message: 'invalid gzip', input: text });
      return z.NEVER;
    }
  }),
);

/** Written by `functions/mns-poller`. A body that leaves no room for the other fields is compressed. */
const pollerLetter = z.pipe(
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

/** Written by `functions/face-recognition`: parts of an event that it rejected. */
const functionLetter = z.object({
  id: z.string(),
  functionArn: z.string(),
  body: z.optional(z.string()),
  bodyGzip: z.optional(gzipped),
  code: z.string(),
  reason: z.string(),
});

/** Sent by Function Compute to the destination of a failed asynchronous invocation. */
const failedInvocation = z.object({
  requestContext: z.object({
    requestId: z.string(),
    functionArn: z.string(),
    condition: z.optional(z.string()),
    approximateInvokeCount: z.optional(z.number()),
  }),
  requestPayload: z.union([z.string(), z.looseObject({}), z.array(z.unknown())]),
  responseContext: z.optional(z.looseObject({ functionError: z.optional(z.string()) })),
});

/** Reads a dead letter from a queue or an object. A text in neither of these formats is a bare body, as EventBridge leaves it. */
export function readLetter(text: string, fallbackId: string): Letter {
  const value = parse(text) ?? parse(Buffer.from(text, 'base64').toString('utf8'));
  const poller = z.safeParse(pollerLetter, value);
  if (poller.success && poller.data.body !== undefined) {
    const { queue, messageId, body, code, reason } = poller.data;
    return { id: messageId, reason: `${code}: ${reason}`, body, origin: { kind: 'queue', queue } };
  }
  const rejected = z.safeParse(functionLetter, value);
  if (rejected.success) {
    const { id, functionArn: arn, code, reason, body, bodyGzip } = rejected.data;
    return {
      id,
      reason: `${code}: ${reason}`,
      body: body ?? bodyGzip ?? '',
      origin: { kind: 'function', arn },
    };
  }
  const invocation = z.safeParse(failedInvocation, value);
  if (invocation.success) {
    const { requestContext, requestPayload, responseContext } = invocation.data;
    const { requestId, functionArn, condition, approximateInvokeCount } = requestContext;
    const what = responseContext?.functionError || condition || 'failed';
    const tries = approximateInvokeCount === undefined ? '' : ` after ${approximateInvokeCount} tries`;
    return {
      id: requestId,
      reason: `${what}${tries}`,
      body: typeof requestPayload === 'string' ? requestPayload : JSON.stringify(requestPayload),
      origin: { kind: 'function', arn: functionArn },
    };
  }
  return { id: fallbackId, reason: 'no reason was recorded', body: text };
}

function parse(text: string): unknown {
  const value = parseJson(text);
  return typeof value === 'object' ? value : undefined;
}
