import { childText } from '../../../shared/runtime/xml.ts';
import { fits } from '../../access/patterns.ts';
import { type OssRequest, parseDocument } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import { denied } from './authorize.ts';

/**
 * doc: the referer list restricts anonymous reads and reads by signed URL; an empty list restricts nothing. `*` matches
 * any characters, `?` matches one.
 */
export function checkReferer(request: OssRequest, { record }: BucketStore): void {
  const document = record.documents.referer;
  if (document === undefined || request.headers.authorization !== undefined) return;
  const configuration = parseDocument(document, 'RefererConfiguration');
  const list = configuration.children.find(({ name }) => name === 'RefererList');
  const patterns = (list?.children ?? []).map(({ text }) => text.trim()).filter((text) => text !== '');
  if (patterns.length === 0) return;
  const referer = request.headers.referer ?? '';
  const allowed =
    referer === ''
      ? childText(configuration, 'AllowEmptyReferer') !== 'false'
      : patterns.some((pattern) => fits(pattern, referer));
  if (!allowed) throw denied('You are denied by bucket referer policy.', request);
}
