import { around, type Envelope } from '../envelope.ts';

/** OSS encodes a notification once; client libraries of MNS may encode it again. */
export const base64: Envelope = {
  name: 'base64',
  open(value) {
    if (typeof value !== 'string') return 'expected text';
    const text = value.replace(/\s+/g, '');
    const bytes = Buffer.from(text, 'base64');
    // Node skips characters outside the alphabet. Encoding again shows whether there were any.
    if (bytes.length === 0 || bytes.toString('base64') !== text) return 'expected padded Base64';
    return around('.base64', bytes);
  },
};
