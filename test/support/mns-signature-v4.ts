import type { SigningContextMns } from '../../shared/mns/signature.ts';
import { scopeText } from '../../shared/runtime/aliyun-v4.ts';

/** The value of the `Authorization` header under V4. */
export function authorizationMnsV4(
  accessKeyId: string,
  context: SigningContextMns,
  signature: string,
): string {
  return `MNS4-HMAC-SHA256 Credential=${accessKeyId}/${scopeText({ ...context, service: 'mns' })},Signature=${signature}`;
}
