import type { IncomingMessage } from 'node:http';

/** Header names are in lower case. */
export type Headers = Readonly<Record<string, string>>;

/**
 * The headers of a request, decoded as UTF-8 as they are on the wire (sdk: ali-oss signs them so); Node decodes each
 * byte as one character.
 */
export function readHeaders({ headers }: IncomingMessage): Record<string, string> {
  const decoded: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    decoded[name] = Buffer.from(Array.isArray(value) ? value.join(',') : value, 'latin1').toString('utf8');
  }
  return decoded;
}
