import { childText, writeXml, type XmlElement, type XmlFields } from '../../../shared/runtime/xml.ts';
import { malformedXml } from '../http/request.ts';

/** Elements whose text is a Boolean. sdk: Python writes `True`, and reads only `true`. */
const BOOLEANS: ReadonlySet<string> = new Set([
  'AllowEmptyReferer',
  'AllowTruncateQueryString',
  'TruncatePath',
  'ResponseVary',
  'IsEnabled',
  'ExpiredObjectDeleteMarker',
  'IsAccessTime',
  'ReturnToStdWhenVisit',
  'AllowSmallFile',
  'SupportSubDir',
  'PassQueryString',
  'EnableReplacePrefix',
  'PassAll',
  'MirrorPassQueryString',
  'MirrorPassOriginalSlashes',
  'MirrorFollowRedirect',
  'MirrorCheckMd5',
  'MirrorSNI',
  'MirrorUserLastModified',
  'MirrorIsExpressTunnel',
  'MirrorSaveOssMeta',
  'MirrorProxyPass',
  'MirrorAllowGetImageInfo',
  'MirrorAllowVideoSnapshot',
  'MirrorAllowHeadObject',
  'MirrorUsingRole',
  'MirrorSwitchAllErrors',
]);

/** The elements that the service adds if a configuration lacks them, and their text. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CORSConfiguration: { ResponseVary: 'false' },
  RefererConfiguration: { AllowTruncateQueryString: 'true' },
};

/** Elements whose text the service writes in lower case. */
const LOWER: ReadonlySet<string> = new Set(['AllowedHeader']);

/**
 * A configuration as the service returns it: its own form, not the bytes that it received. Booleans are `true` or
 * `false`, text has no space around it, and absent elements with a default are there.
 */
export function normalizeDocument(document: XmlElement): string {
  const fields = fieldsOf(document);
  const defaults = DEFAULTS[document.name] ?? {};
  for (const [name, text] of Object.entries(defaults)) fields[name] ??= text;
  return writeXml(document.name, fields);
}

function fieldsOf(element: XmlElement): Record<string, XmlFields[string]> {
  const fields: Record<string, (XmlFields | string)[]> = {};
  for (const child of element.children) {
    fields[child.name] ??= [];
    fields[child.name]!.push(child.children.length > 0 ? fieldsOf(child) : textOf(child));
  }
  return fields;
}

function textOf({ name, text }: XmlElement): string {
  if (BOOLEANS.has(name)) {
    const value = text.trim().toLowerCase();
    if (value !== 'true' && value !== 'false')
      throw malformedXml(`${name} must be true or false, got ${text}`);
    return value;
  }
  return LOWER.has(name) ? text.trim().toLowerCase() : text.trim();
}

/** The text of a child without space around it; `undefined` if it is absent or empty. */
export function trimmedText(element: XmlElement, name: string): string | undefined {
  return childText(element, name)?.trim() || undefined;
}
