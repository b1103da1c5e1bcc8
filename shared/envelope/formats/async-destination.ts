import * as z from 'zod/mini';
import { around, jsonEnvelope } from '../envelope.ts';

/** What Function Compute sends to the destination of an asynchronous invocation. A failed one is redriven from it. */
export const asyncDestination = jsonEnvelope(
  'async-destination',
  z.object({
    requestContext: z.looseObject({ functionArn: z.string() }),
    requestPayload: z.union([z.string(), z.looseObject({}), z.array(z.unknown())], {
      error: 'expected string, object or array',
    }),
  }),
  ({ requestPayload }) => around('.requestPayload', requestPayload),
);
