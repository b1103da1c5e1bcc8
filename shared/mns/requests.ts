import type { Clock } from '../runtime/clock.ts';
import type { CredentialProvider } from '../runtime/credentials.ts';
import { parseEndpoint } from '../runtime/endpoint.ts';
import { AppError } from '../runtime/errors.ts';
import { type HttpClient, readBody } from '../runtime/http.ts';
import { createSigningSession, type Signer } from '../runtime/signing-session.ts';
import { parseXml, writeXml, type XmlElement, type XmlFields } from '../runtime/xml.ts';
import { toError } from './errors.ts';
import { signMnsV2, stringToSignMnsV2 } from './signature.ts';

export interface MnsRequestsOptions {
  /** `https://<account>.mns.<region>.aliyuncs.com` or `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly http: HttpClient;
  /** Milliseconds of silence after which a request has failed. A long poll has its own. */
  readonly timeoutMs: number;
}

export interface MnsRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `/queues/q/messages`. */
  readonly path: string;
  /** Encoded, without the question mark. */
  readonly query?: string;
  /** `x-mns-*` in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Root element and its fields. */
  readonly body?: readonly [root: string, fields: XmlFields];
  /** Instead of the client's. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface MnsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent when the answer has no body. */
  readonly document: XmlElement | undefined;
}

/** Sends one request, signed with V2. An answer with a status other than 2xx is thrown unless `accept` returns true. */
export type SendMns = (
  request: MnsRequest,
  accept?: (response: MnsResponse) => boolean,
) => Promise<MnsResponse>;

/** Enough for 16 messages of 64 KB in which every character is escaped as six. */
const MAX_ANSWER = 8 * 1024 * 1024;
const VERSION = '2015-06-06';
const NAMESPACE = 'http://mns.aliyuncs.com/doc/v1/';

export function createMnsRequests(options: MnsRequestsOptions): SendMns {
  const { credentials, clock, http, timeoutMs } = options;
  const url = parseEndpoint('MNS', options.endpoint);
  const session = createSigningSession(credentials, clock);

  const sendOnce = async (request: MnsRequest, signer: Signer): Promise<MnsResponse> => {
    const { method, path, query, signal } = request;
    const target = query ? `${path}?${query}` : path;
    const body = request.body && Buffer.from(writeXml(...request.body, { namespace: NAMESPACE }));
    const response = await http.send({
      method,
      url,
      target,
      headers: signedHeaders(request, target, body, signer),
      timeoutMs: request.timeoutMs ?? timeoutMs,
      body,
      signal,
    });
    const { status, headers } = response;
    const text = (await readBody(response, MAX_ANSWER)).toString('utf8');
    return { status, headers, document: parseDocument(text, status) };
  };

  return (request, accept = () => false) =>
    session.run(async (signer) => {
      const response = await sendOnce(request, signer);
      if ((response.status >= 200 && response.status < 300) || accept(response)) return response;
      throw toError(request, response);
    });
}

function signedHeaders(
  { method, headers }: MnsRequest,
  target: string,
  body: Buffer | undefined,
  { credentials, now }: Signer,
): Record<string, string> {
  const signed: Record<string, string> = {
    ...headers,
    date: new Date(now).toUTCString(),
    'x-mns-version': VERSION,
    ...(body && { 'content-type': 'text/xml' }),
  };
  const signature = signMnsV2(
    credentials.accessKeySecret,
    stringToSignMnsV2({ method, headers: signed, target }),
  );
  return {
    ...signed,
    ...(body && { 'content-length': String(body.length) }),
    ...(credentials.securityToken && { 'security-token': credentials.securityToken }),
    authorization: `MNS ${credentials.accessKeyId}:${signature}`,
  };
}

/** An unreadable document is an error only in a successful answer. For a refusal the status is enough. */
function parseDocument(text: string, status: number): XmlElement | undefined {
  if (text.trim() === '') return undefined;
  try {
    // One message that XML cannot hold must not hide the other fifteen of its batch.
    return parseXml(text, { maxLength: MAX_ANSWER, keepControls: true });
  } catch (cause) {
    if (status >= 300) return undefined;
    throw new AppError('ServiceUnavailable', `MNS answered ${status} with a body that is not XML`, {
      cause,
    });
  }
}
