import { writeXml, type XmlElement, type XmlFields } from '../../shared/runtime/xml.ts';
import { MNS_NAMESPACE } from './envelopes.ts';
import type { MnsRefusal } from './errors.ts';

/** A request that is authentic and belongs to one operation. */
export interface MnsRequest {
  readonly params: { readonly queue: string; readonly topic: string; readonly subscription: string };
  /** Names in lower case: SDKs write `receiptHandle` and `ReceiptHandle`. */
  readonly query: ReadonlyMap<string, string>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The root of the body; `undefined` when there is no body. */
  readonly body: XmlElement | undefined;
  /** Scheme and host under which the client reached this server. */
  readonly origin: string;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

export interface MnsAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly document?: { readonly root: string; readonly fields: XmlFields };
  /** Called when the client was gone before it got the answer. */
  readonly undelivered?: () => void;
}

export function writeDocument({ root, fields }: { root: string; fields: XmlFields }): string {
  return writeXml(root, fields, { namespace: MNS_NAMESPACE });
}

/** SDK decoders want all four children. */
export function errorDocument(
  refusal: MnsRefusal,
  requestId: string,
  origin: string,
): NonNullable<MnsAnswer['document']> {
  const fields = { Code: refusal.code, Message: refusal.message, RequestId: requestId, HostId: origin };
  return { root: 'Error', fields };
}
