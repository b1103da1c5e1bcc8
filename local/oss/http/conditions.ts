import { OssRefusal } from '../errors.ts';

/** The four conditions of a read or copy. */
export interface Conditions {
  readonly match?: string | undefined;
  readonly noneMatch?: string | undefined;
  readonly modifiedSince?: string | undefined;
  readonly unmodifiedSince?: string | undefined;
}

export function conditionsOf(headers: Readonly<Record<string, string>>, prefix = ''): Conditions {
  return {
    match: headers[`${prefix}if-match`],
    noneMatch: headers[`${prefix}if-none-match`],
    modifiedSince: headers[`${prefix}if-modified-since`],
    unmodifiedSince: headers[`${prefix}if-unmodified-since`],
  };
}

/**
 * Whether the client has this version already (304). Throws `PreconditionFailed` that names the header. Dates are
 * compared in whole seconds; RFC 9110: an invalid date is ignored.
 */
export function isNotModified(
  conditions: Conditions,
  version: { etag: string; lastModified: number },
): boolean {
  const { match, noneMatch, modifiedSince, unmodifiedSince } = conditions;
  const modified = Math.floor(version.lastModified / 1000) * 1000;
  if (match !== undefined && !includesEtag(match, version.etag)) throw failed('If-Match');
  if (unmodifiedSince !== undefined && modified > Date.parse(unmodifiedSince))
    throw failed('If-Unmodified-Since');
  if (noneMatch !== undefined && includesEtag(noneMatch, version.etag)) return true;
  return modifiedSince !== undefined && modified <= Date.parse(modifiedSince);
}

function includesEtag(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((item) => item.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((item) => item === '*' || item.toUpperCase() === etag);
}

function failed(condition: string): OssRefusal {
  return new OssRefusal('PreconditionFailed', { elements: { Condition: condition } });
}
