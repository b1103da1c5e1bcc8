import type { IncomingHttpHeaders } from 'node:http';
import { isTree } from '../api/types.ts';

/** A CloudEvent in transit: attributes as in headers, data unchanged. */
export interface Event {
  /** Names in lower case, including `datacontenttype`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Buffer;
}

const REQUIRED = ['id', 'source', 'specversion', 'type'];

/** The event of a request or a reply, in binary or structured mode; undefined when there is none. */
export function readEvent(headers: IncomingHttpHeaders, body: Buffer): Event | undefined {
  const event = /^application\/cloudevents\+json/.test(headers['content-type'] ?? '')
    ? structured(body)
    : binary(headers, body);
  return event && REQUIRED.every((name) => event.attributes[name]) ? event : undefined;
}

function binary(headers: IncomingHttpHeaders, data: Buffer): Event {
  const named = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]) => [name.slice(3), decode(String(value))]);
  const type = headers['content-type'];
  return { attributes: { ...Object.fromEntries(named), ...(type && { datacontenttype: type }) }, data };
}

function structured(body: Buffer): Event | undefined {
  try {
    const {
      data,
      data_base64: base64,
      ...attributes
    } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    const texts = Object.entries(attributes).map(([name, value]) => [name, String(value)]);
    const bytes =
      typeof base64 === 'string'
        ? Buffer.from(base64, 'base64')
        : Buffer.from(isTree(data) || Array.isArray(data) ? JSON.stringify(data) : String(data ?? ''));
    return { attributes: Object.fromEntries(texts), data: bytes };
  } catch {
    return undefined;
  }
}

/** The headers of the binary mode. */
export function headersOf({ attributes }: Event): Record<string, string> {
  const { datacontenttype, ...others } = attributes;
  const named = Object.entries(others).map(([name, value]) => [`ce-${name}`, encode(value)]);
  return { ...Object.fromEntries(named), ...(datacontenttype && { 'content-type': datacontenttype }) };
}

/** Source: CloudEvents HTTP protocol binding, 3.1.3.2. */
const encode = (text: string) =>
  text.replace(/[^\x21\x23\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character));

const decode = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export function withAttributes(event: Event, changes: Readonly<Record<string, string | undefined>>): Event {
  const all = Object.entries({ ...event.attributes, ...changes }).filter(([, value]) => value !== undefined);
  return { ...event, attributes: Object.fromEntries(all) as Record<string, string> };
}
