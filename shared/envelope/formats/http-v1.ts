import * as z from 'zod/mini';
import { around, jsonEnvelope } from '../envelope.ts';
import { fromHttpMessage } from '../http-message.ts';

/** The HTTP trigger of Function Compute's built-in runtimes. */
export const httpV1 = jsonEnvelope(
  'http-v1',
  z.object({
    version: z.literal('v1'),
    requestContext: z.looseObject({}),
    headers: z.optional(z.record(z.string(), z.string())),
    body: z.string(),
    isBase64Encoded: z.optional(z.boolean()),
  }),
  ({ headers = {}, body, isBase64Encoded }) => {
    const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
    return around('.body', fromHttpMessage({ headers, body: bytes }));
  },
);
