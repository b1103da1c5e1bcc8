import * as z from 'zod/mini';
import { around, type Envelope, jsonEnvelope, type Layer } from '../envelope.ts';

const attributes = {
  specversion: z.string(),
  id: z.optional(z.string()),
  data: z.optional(z.unknown()),
  data_base64: z.optional(z.string()),
};

/** EventBridge's events of OSS, and ours: `data` is one record. */
export const eventbridgeOss: Envelope = jsonEnvelope(
  'eventbridge-oss',
  z.object({ ...attributes, type: z.string().check(z.startsWith('oss:', { error: 'expected oss:…' })) }),
  openData,
);

/** Matched by shape, never by type: the types that Knative's MnsOssSource sends are not documented. */
export const cloudevent: Envelope = jsonEnvelope('cloudevent', z.object(attributes), openData);

function openData(event: { id?: string; data?: unknown; data_base64?: string }): Layer {
  const layer =
    event.data_base64 === undefined
      ? around('.data', event.data)
      : around('.data_base64', Buffer.from(event.data_base64, 'base64'));
  return { ...layer, eventId: event.id };
}
