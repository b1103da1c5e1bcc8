import * as z from 'zod/mini';
import { jsonEnvelope, list } from '../envelope.ts';

/** `{"events": […]}`. Every captured one has one record; the format allows more. */
export const ossNotification = jsonEnvelope('oss-notification', z.object({ events: list }), ({ events }) => ({
  parts: events,
  pathOf: (index) => `.events[${index}]`,
  areRecords: true,
}));
