import * as z from 'zod/mini';
import { jsonEnvelope } from '../envelope.ts';

/** `{"events": […]}`; every capture has one record, the format allows more. */
export const ossNotification = jsonEnvelope(
  'oss-notification',
  z.object({ events: z.array(z.unknown()) }),
  ({ events }) => ({ records: events.map((value, index) => ({ path: `.events[${index}]`, value })) }),
);
