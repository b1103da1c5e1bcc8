import { collect } from '../../../shared/runtime/request-body.ts';
import { parseXml, type XmlElement } from '../../../shared/runtime/xml.ts';
import type { Headers } from '../../http/headers.ts';
import type { Caller } from '../auth/caller.ts';
import { OssRefusal } from '../errors.ts';

/** A request whose sender, bucket and key are known. */
export interface OssRequest {
  /** 24 upper-case hex digits; sent as `x-oss-request-id` and in events. */
  readonly id: string;
  readonly method: string;
  /** Empty for requests to the service. */
  readonly bucket: string;
  /** Empty for requests to a bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Headers;
  readonly caller: Caller;
  readonly sourceIp: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The bytes as they arrive; can be read once. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The largest document of a request is a deletion of 1,000 keys. */
const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;

export async function readText({ body }: Pick<OssRequest, 'body'>): Promise<string> {
  const refuse = () => new OssRefusal('EntityTooLarge');
  return (await collect(body, { maxBytes: MAX_DOCUMENT_BYTES, refuse })).toString('utf8');
}

/** Reads the document of a request. Throws `MalformedXML` if its root has another name. */
export async function readXml(request: OssRequest, root: string): Promise<XmlElement> {
  return parseDocument(await readText(request), root);
}

/** sdk: ali-oss writes control characters of keys unescaped; XML 1.1 allows references to them. */
export function parseDocument(text: string, root: string): XmlElement {
  let document: XmlElement;
  try {
    const source = text
      .replace(/^\ufeff?\s*<\?xml[^>]*\?>/, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
      .replace(/[\u0001-\u0008\u000b\u000c\u000e-\u001f]/g, (character) => `&#${character.charCodeAt(0)};`);
    document = parseXml(`<?xml version="1.1"?>${source}`, { maxLength: MAX_DOCUMENT_BYTES });
  } catch (cause) {
    throw new OssRefusal('MalformedXML', {
      cause,
      elements: { ErrorDetail: 'the document is not well-formed' },
    });
  }
  if (document.name !== root) throw malformedXml(`expected <${root}>, got <${document.name}>`);
  return document;
}

export function malformedXml(detail: string): OssRefusal {
  return new OssRefusal('MalformedXML', { elements: { ErrorDetail: detail } });
}

/** The integer in a query parameter, or `fallback` if it is absent. */
export function numberParameter(
  request: OssRequest,
  name: string,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  const text = request.query.get(name);
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new OssRefusal('InvalidArgument', {
      message: `Argument ${name} must be an integer between ${min} and ${max}.`,
      elements: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return value;
}
