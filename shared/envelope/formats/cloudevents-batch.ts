import * as z from 'zod/mini';
import { jsonEnvelope } from '../envelope.ts';

/** EventBridge's streaming mode: CloudEvents, or bare bodies when its event schema is RawData. */
export const cloudeventsBatch = jsonEnvelope('cloudevents-batch', z.array(z.unknown()), (elements) => ({
  parts: elements.map((value, index) => ({ path: `[${index}]`, value })),
}));
