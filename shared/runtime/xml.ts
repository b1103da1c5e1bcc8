import { SaxesParser } from 'saxes';
import { AppError } from './errors.ts';

/** An element: its text, or its children by local name. Attributes carry nothing in OSS and MNS. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

export interface XmlBounds {
  /** Bytes of UTF-16 text accepted. */
  readonly maxLength?: number;
  readonly maxDepth?: number;
  /** Takes control characters, raw or escaped, which XML 1.0 forbids, as the text they are. */
  readonly keepControls?: boolean;
}

const CONTROL_FAULT = /(disallowed character|malformed character entity)\.$/;

/**
 * Strict: unclosed tags, undeclared entities and document types are refused, so that no entity expands. Names lose
 * their prefix. Throws `InvalidRequest`.
 */
export function parseXml(
  source: string,
  { maxLength = 4_194_304, maxDepth = 32, keepControls = false }: XmlBounds = {},
): XmlElement {
  if (source.length > maxLength) throw malformed(`longer than ${maxLength} characters`);
  const parser = new SaxesParser();
  const stack: { name: string; text: string; children: XmlElement[] }[] = [];
  let root: XmlElement | undefined;
  parser.on('error', (error) => {
    if (keepControls && CONTROL_FAULT.test(error.message)) return;
    throw malformed(error.message);
  });
  parser.on('doctype', () => {
    throw malformed('document types are not allowed');
  });
  parser.on('opentag', (tag) => {
    if (stack.length >= maxDepth) throw malformed(`nested deeper than ${maxDepth}`);
    stack.push({ name: localName(tag.name), text: '', children: [] });
  });
  const onText = (text: string) => {
    const element = stack.at(-1);
    if (element) element.text += text;
  };
  parser.on('text', onText);
  parser.on('cdata', onText);
  parser.on('closetag', () => {
    const element = stack.pop()!;
    const parent = stack.at(-1);
    if (parent) parent.children.push(element);
    else root = element;
  });
  parser.write(source).close();
  if (!root) throw malformed('no element');
  return root;
}

function malformed(why: string): AppError {
  return new AppError('InvalidRequest', `malformed XML: ${why}`);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** The text of the first child of that name; `undefined` when there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Escapes text for an element; a carriage return is kept as a reference. Characters that XML 1.0 cannot hold are
 * dropped, unless `keepControls` says that the reader is known to take control characters as they are.
 */
export function escapeXml(text: string, keepControls = false): string {
  return (
    text
      .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
      .replace(/\r/g, '&#13;')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, (character) =>
        keepControls && character > '\u0000' && character < ' ' ? character : '',
      )
  );
}

/** What an element may hold: text, a number, nested fields, or one element a list item. Absent fields are left out. */
export type XmlValue = string | number | boolean | undefined | XmlFields | readonly (XmlFields | string)[];
export interface XmlFields {
  readonly [name: string]: XmlValue;
}

/** Writes a document, or a fragment when `declaration` is off; fields in their order, lists as repeated elements. */
export function writeXml(
  root: string,
  fields: XmlFields,
  {
    namespace,
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n',
    keepControls = false,
  }: { namespace?: string; declaration?: string; keepControls?: boolean } = {},
): string {
  const attribute = namespace ? ` xmlns="${namespace}"` : '';
  return `${declaration}<${root}${attribute}>${writeFields(fields, '  ', keepControls)}\n</${root}>`;
}

function writeFields(fields: XmlFields, indent: string, keepControls: boolean): string {
  let out = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value])
      out += `\n${indent}${writeElement(name, item, indent, keepControls)}`;
  }
  return out;
}

function writeElement(
  name: string,
  value: Exclude<XmlValue, undefined>,
  indent: string,
  keepControls: boolean,
): string {
  if (typeof value !== 'object') return `<${name}>${escapeXml(String(value), keepControls)}</${name}>`;
  const inner = writeFields(value as XmlFields, `${indent}  `, keepControls);
  return inner === '' ? `<${name}/>` : `<${name}>${inner}\n${indent}</${name}>`;
}
