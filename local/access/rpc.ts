import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { encodeRfc3986 } from '../../shared/runtime/aliyun-v4.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Acs3ErrorCode, acs3ActionOf, createAcs3Verifier } from './acs3.ts';
import { isSame } from './compare.ts';
import type { KeyHolder, Keyring } from './keyring.ts';
import type { SignedRequest } from './signed-request.ts';

/** A request to an API in RPC style: the query or a form holds its parameters. */
export interface RpcRequest extends SignedRequest {
  readonly body: Buffer;
}

/** The name of the operation and of the API's version, and all other parameters. */
export interface RpcCall {
  readonly action: string;
  readonly version: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** doc: headers name the operation with the signature ACS3, parameters with the older one. */
export function readRpcCall({ target, headers, body }: RpcRequest): RpcCall {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const parameters = new Map([
    ...queryOf(target),
    ...(isForm ? new URLSearchParams(body.toString('utf8')) : []),
  ]);
  return {
    action: headers['x-acs-action'] ?? parameters.get('Action') ?? '',
    version: headers['x-acs-version'] ?? parameters.get('Version') ?? '',
    parameters,
  };
}

/** The operation that a request names, without its body. */
export function rpcActionOf(request: IncomingMessage): string | undefined {
  return acs3ActionOf(request) ?? queryOf(request.url ?? '/').get('Action') ?? undefined;
}

/** Verifies either signature and returns the holder of the key; throws what `refuse` makes of a fault. */
export function createRpcVerifier(options: {
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly refuse: (code: Acs3ErrorCode) => Error;
}): (request: RpcRequest, call: RpcCall) => KeyHolder {
  const { keyring, refuse } = options;
  const verifyAcs3 = createAcs3Verifier(options);
  return (request, { parameters }) => {
    if (!keyring.checkSignatures) return { ...keyring.owner, isTemporary: false };
    if (request.headers.authorization !== undefined) return verifyAcs3(request);
    const signature = parameters.get('Signature');
    if (signature === undefined) throw refuse('IncompleteSignature');
    const holder = keyring.find(
      parameters.get('AccessKeyId') ?? '',
      parameters.get('SecurityToken'),
      (fault) =>
        refuse(
          fault === 'unknown' ? 'InvalidAccessKeyId.NotFound' : 'InvalidSecurityToken.MismatchWithAccessKey',
        ),
    );
    if (keyring.isSkewed(Date.parse(parameters.get('Timestamp') ?? '')))
      throw refuse('InvalidTimeStamp.Expired');
    const expected = rpcSignature(request.method, parameters, holder.accessKeySecret);
    if (!isSame(signature, expected)) throw refuse('SignatureDoesNotMatch');
    return holder;
  };
}

/** doc: signature version 1.0 of RPC APIs: HMAC-SHA1 of the sorted parameters, with `&` after the secret. */
function rpcSignature(method: string, parameters: ReadonlyMap<string, string>, secret: string): string {
  const canonical = [...parameters]
    .filter(([name]) => name !== 'Signature')
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const text = `${method}&%2F&${encodeRfc3986(canonical)}`;
  return createHmac('sha1', `${secret}&`).update(text).digest('base64');
}

function queryOf(target: string): URLSearchParams {
  return new URL(target, 'http://rpc').searchParams;
}
