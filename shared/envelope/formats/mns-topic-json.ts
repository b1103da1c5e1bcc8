import * as z from 'zod/mini';
import { around, jsonEnvelope } from '../envelope.ts';

/** A topic's message in the format JSON, pushed to a queue, an HTTP endpoint or a function. */
export const mnsTopicJson = jsonEnvelope(
  'mns-topic-json',
  z.object({ TopicName: z.string(), Message: z.string() }),
  ({ Message }) => around('.Message', Message),
);
