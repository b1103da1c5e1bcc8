import { around, type Envelope } from '../envelope.ts';

/** A JSON document that is one string, quotes included: `"eyJl…"`. Sources send data so that they have not parsed. */
export const jsonString: Envelope = {
  name: 'json-string',
  open(value) {
    if (typeof value !== 'string' || !value.startsWith('"')) return 'expected a text that begins with "';
    try {
      return around('.string', JSON.parse(value));
    } catch {
      return 'expected a JSON string';
    }
  },
};
