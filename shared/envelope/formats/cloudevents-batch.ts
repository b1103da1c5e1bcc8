import { jsonEnvelope, list } from '../envelope.ts';

/** EventBridge's streaming mode: CloudEvents, or bare bodies when its event schema is RawData. */
export const cloudeventsBatch = jsonEnvelope('cloudevents-batch', list, (parts) => ({
  parts,
  pathOf: (index) => `[${index}]`,
}));
