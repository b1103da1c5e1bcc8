import { around, type Envelope } from '../envelope.ts';

/** A JSON document that is one string, as sources send data they did not parse: `"eyJl…"`, quotes included. */
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
