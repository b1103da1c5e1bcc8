import { createHash } from 'node:crypto';
import { writeXml, type XmlElement, type XmlFields } from '../../shared/runtime/xml.ts';
import type { Headers } from '../http/headers.ts';
import type { MnsRefusal } from './errors.ts';

export const MNS_NAMESPACE = 'http://mns.aliyuncs.com/doc/v1/';

/** A request that is authentic and belongs to one operation. */
export interface MnsRequest {
  readonly params: { readonly queue: string; readonly topic: string; readonly subscription: string };
  /** Names in lower case: SDKs write `receiptHandle` and `ReceiptHandle`. */
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Headers;
  /** The root of the body; `undefined` if there is no body. */
  readonly body: XmlElement | undefined;
  /** Scheme and host by which the client reached this server. */
  readonly origin: string;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

export interface MnsAnswer {
  readonly status: number;
  readonly headers?: Headers;
  readonly document?: { readonly root: string; readonly fields: XmlFields };
  /** Called if the client disconnects before it receives the answer. */
  readonly undelivered?: () => void;
}

/** An answer with a document. */
export function xmlAnswer(status: number, root: string, fields: XmlFields): MnsAnswer {
  return { status, document: { root, fields } };
}

/** The answer to a creation; 204 if there is already the same resource. */
export function createdAnswer(outcome: 'created' | 'exists', location: string): MnsAnswer {
  return { status: outcome === 'created' ? 201 : 204, headers: { Location: location } };
}

/** Upper-case hex of the text as stored. */
export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex').toUpperCase();
}

export function writeDocument({ root, fields }: { root: string; fields: XmlFields }): string {
  return writeXml(root, fields, { namespace: MNS_NAMESPACE });
}

/** sdk: decoders expect all four children. */
export function errorAnswer(
  { status, code, message }: MnsRefusal,
  requestId: string,
  origin: string,
): MnsAnswer {
  const fields = { Code: code, Message: message, RequestId: requestId, HostId: origin };
  return xmlAnswer(status, 'Error', fields);
}
