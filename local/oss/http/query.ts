import type { QueryPair } from '../../../shared/oss/signature-v1.ts';
import { percentDecode } from '../../http/decode.ts';
import { OssRefusal } from '../errors.ts';

/** Splits a request target into its path, still encoded, and its decoded parameters. */
export function splitTarget(target: string): { path: string; query: QueryPair[] } {
  // A proxy sends the whole URL.
  const local = target.replace(/^https?:\/\/[^/?]*/i, '') || '/';
  const mark = local.indexOf('?');
  if (mark < 0) return { path: local, query: [] };
  return { path: local.slice(0, mark), query: parseQuery(local.slice(mark + 1)) };
}

export function parseQuery(text: string): QueryPair[] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? [decode(pair), '']
        : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
    });
}

function decode(text: string): string {
  return percentDecode(
    text.replaceAll('+', ' '),
    () => new OssRefusal('InvalidArgument', 'A query parameter is not percent-encoded UTF-8.'),
  );
}
