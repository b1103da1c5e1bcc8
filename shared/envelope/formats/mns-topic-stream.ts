import * as z from 'zod/mini';
import { around, jsonEnvelope } from '../envelope.ts';

/** The trigger of a topic in the format STREAM when the message has attributes; without them it is the bare body. */
export const mnsTopicStream = jsonEnvelope(
  'mns-topic-stream',
  z.object({ body: z.string(), attrs: z.looseObject({}) }),
  ({ body }) => around('.body', body),
);
