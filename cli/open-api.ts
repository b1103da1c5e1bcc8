import { randomUUID } from 'node:crypto';
import { acs3Authorization, acs3ContentHash } from '../shared/runtime/acs3.ts';
import { encodeRfc3986 } from '../shared/runtime/aliyun-v4.ts';
import { type Clock, systemClock } from '../shared/runtime/clock.ts';
import type { CredentialProvider } from '../shared/runtime/credentials.ts';
import { AppError } from '../shared/runtime/errors.ts';
import { createHttpClient, readBody } from '../shared/runtime/http.ts';

/** One call of an API of Alibaba Cloud, in RPC style or with a path of its own. */
export interface OpenApiCall {
  /** `https://ram.aliyuncs.com` */
  readonly endpoint: string;
  readonly action: string;
  readonly version: string;
  /** @default 'POST' */
  readonly method?: string;
  /** @default '/' */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: object;
}

export interface OpenApi {
  /** The answer, parsed. Throws `InvalidRequest` with the service's code in `details.serviceCode`, or a transient error. */
  call(request: OpenApiCall): Promise<unknown>;
  close(): void;
}

const TIMEOUT_MS = 60_000;

/** Signs with ACS3, which every API of the gateway takes, Function Compute's too. */
export function createOpenApi(options: { credentials: CredentialProvider; clock?: Clock }): OpenApi {
  const { credentials, clock = systemClock } = options;
  const http = createHttpClient();
  return {
    async call({ endpoint, action, version, method = 'POST', path = '/', query = {}, body }) {
      const url = new URL(endpoint);
      const keys = await credentials();
      const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
      const parameters = Object.entries(query).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      );
      const headers = {
        host: url.host,
        ...(body && { 'content-type': 'application/json; charset=utf-8' }),
        'x-acs-action': action,
        'x-acs-version': version,
        'x-acs-date': `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
        'x-acs-signature-nonce': randomUUID(),
        'x-acs-content-sha256': acs3ContentHash(bytes),
        ...(keys.securityToken && { 'x-acs-security-token': keys.securityToken }),
      };
      const encoded = parameters.map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`);
      const response = await http.send({
        method,
        url,
        target: `${path}${encoded.length > 0 ? `?${encoded.join('&')}` : ''}`,
        headers: {
          ...headers,
          authorization: acs3Authorization(keys, { method, path, query: parameters, headers }),
          'content-length': String(bytes.length),
        },
        body: bytes,
        timeoutMs: TIMEOUT_MS,
      });
      const answer = parse((await readBody(response)).toString('utf8'));
      if (response.status < 300) return answer;
      const {
        Code = `status ${response.status}`,
        Message = '',
        RequestId,
      } = answer as Record<string, string>;
      throw new AppError('InvalidRequest', `${action}: ${Code}: ${Message}`, {
        details: { requestId: RequestId, serviceCode: Code, status: response.status },
      });
    },
    close: http.close,
  };
}

/** Whether a service refused a call with one of these codes. */
export function isServiceCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof AppError && codes.includes(String(error.details?.serviceCode));
}

function parse(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return { Message: text.slice(0, 200) };
  }
}
