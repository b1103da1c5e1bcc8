import { SaxesParser } from 'saxes';
import { AppError } from './errors.ts';

/** An element with its text or its children. OSS and MNS do not use attributes. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

export interface XmlBounds {
  /** UTF-16 code units. `@default 4_194_304` */
  readonly maxLength?: number;
  /** `@default 32` */
  readonly maxDepth?: number;
  /** Accepts control characters, raw or escaped, although XML 1.0 forbids them. `@default false` */
  readonly keepControls?: boolean;
}

const CONTROL_FAULT = /(disallowed character|malformed character entity)\.$/;

/**
 * Strict: rejects unclosed tags, undeclared entities and document types, so no entity expands. Names lose their prefix.
 * Throws `InvalidRequest`.
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
const SPECIAL = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/**
 * Escapes text for an element. A carriage return becomes a reference. Characters that XML 1.0 cannot hold are removed;
 * `keepControls` keeps control characters for a reader that accepts them.
 */
export function escapeXml(text: string, keepControls = false): string {
  // Most texts have none of them, and a listing has thousands of texts.
  if (!SPECIAL.test(text)) return text;
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

/** The content of an element: text, a number, nested fields, or one element per list item. Absent fields are omitted. */
export type XmlValue = string | number | boolean | undefined | XmlFields | readonly (XmlFields | string)[];
export interface XmlFields {
  readonly [name: string]: XmlValue;
}

/** Writes a document. Fields keep their order; a list becomes repeated elements. An empty `declaration` gives a fragment. */
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
