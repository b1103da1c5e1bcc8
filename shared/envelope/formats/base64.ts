import { around, type Envelope } from '../envelope.ts';

/** OSS encodes a notification once; client libraries of MNS may do it again. */
export const base64: Envelope = {
  name: 'base64',
  open(value) {
    if (typeof value !== 'string') return 'expected text';
    const text = value.replace(/\s+/g, '');
    const bytes = Buffer.from(text, 'base64');
    // Node skips what is not in the alphabet; encoding again shows whether there was any.
    if (bytes.length === 0 || bytes.toString('base64') !== text) return 'expected padded Base64';
    return around('.base64', bytes);
  },
};
