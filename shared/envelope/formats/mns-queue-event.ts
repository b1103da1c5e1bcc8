import * as z from 'zod/mini';
import { around, type Envelope, jsonEnvelope } from '../envelope.ts';

const message = z.object({
  messageBody: z.union([z.string(), z.looseObject({})], { error: 'expected string or object' }),
});

const whole = jsonEnvelope(
  'mns-queue-event',
  z.object({ specversion: z.string(), data: message }),
  ({ data }) => around('.data.messageBody', data.messageBody),
);

/** What an EventBridge transformation keeps of it. */
const dataAlone = jsonEnvelope('mns-queue-event', message, ({ messageBody }) =>
  around('.messageBody', messageBody),
);

/** The trigger of an MNS queue, which always runs through EventBridge. */
export const mnsQueueEvent: Envelope = {
  name: 'mns-queue-event',
  open(value) {
    const bare = dataAlone.open(value);
    return typeof bare === 'string' ? whole.open(value) : bare;
  },
};
