import type { IncomingMessage } from 'node:http';
import type { QueryPair } from '../../../shared/oss/signature-v1.ts';
import { parseXml, type XmlElement } from '../../../shared/runtime/xml.ts';
import type { Caller } from '../auth/caller.ts';
import { OssError } from '../errors.ts';

/** A request whose sender, bucket and key are known. */
export interface OssRequest {
  /** 24 upper-case hex digits; answered as `x-oss-request-id` and named in events. */
  readonly id: string;
  readonly method: string;
  /** Empty for requests to the service. */
  readonly bucket: string;
  /** Empty for requests to a bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** Names in lower case, values decoded as UTF-8. */
  readonly headers: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly sourceIp: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The bytes as they arrive; to be read once. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Node gives one character a byte; header values are UTF-8 on the wire (sdk: ali-oss signs them so). */
export function decodeHeaders(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value === undefined) continue;
    headers[name] = Buffer.from(Array.isArray(value) ? value.join(',') : value, 'latin1').toString('utf8');
  }
  return headers;
}

export function toMap(query: readonly QueryPair[]): ReadonlyMap<string, string> {
  return new Map(query);
}

/** Bytes of the largest document a request may carry: a deletion of 1,000 keys. */
const MAX_DOCUMENT = 2 * 1024 * 1024;

export async function readText(request: OssRequest, limit = MAX_DOCUMENT): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > limit) throw new OssError('EntityTooLarge');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads the document of a request. Throws `MalformedXML` when its root has another name. */
export async function readXml(request: OssRequest, root: string): Promise<XmlElement> {
  return parseDocument(await readText(request), root);
}

/** sdk: ali-oss writes the control characters of keys as they are; XML 1.1 at least has references for them. */
export function parseDocument(text: string, root: string): XmlElement {
  let document: XmlElement;
  try {
    const source = text
      .replace(/^\ufeff?\s*<\?xml[^>]*\?>/, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
      .replace(/[\u0001-\u0008\u000b\u000c\u000e-\u001f]/g, (character) => `&#${character.charCodeAt(0)};`);
    document = parseXml(`<?xml version="1.1"?>${source}`, { maxLength: MAX_DOCUMENT });
  } catch (cause) {
    throw new OssError('MalformedXML', {
      cause,
      elements: { ErrorDetail: 'the document is not well-formed' },
    });
  }
  if (document.name !== root) throw malformedXml(`expected <${root}>, got <${document.name}>`);
  return document;
}

export function malformedXml(detail: string): OssError {
  return new OssError('MalformedXML', { elements: { ErrorDetail: detail } });
}

/** A whole number from a query parameter, or `fallback` when it is absent. */
export function numberParameter(
  request: OssRequest,
  name: string,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  const text = request.query.get(name);
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new OssError('InvalidArgument', {
      message: `Argument ${name} must be an integer between ${min} and ${max}.`,
      elements: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return value;
}
