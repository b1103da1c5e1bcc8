import { type QueryPair, type SignedPartsV1, signV1, stringToSignV1 } from '../../shared/oss/signature-v1.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';

// What a client that signs with V1 sends; the project's own sign with V4.

/** The value of the `Authorization` header. */
export function authorizationV1(credentials: Credentials, parts: SignedPartsV1): string {
  return `OSS ${credentials.accessKeyId}:${signV1(credentials.accessKeySecret, stringToSignV1(parts))}`;
}

/**
 * The whole query of a pre-signed URL, signature included.
 *
 * @param parts.date `Expires` in seconds since the epoch
 */
export function presignV1(credentials: Credentials, parts: SignedPartsV1 & { date: string }): QueryPair[] {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const query: QueryPair[] = [...parts.query];
  if (securityToken) query.push(['security-token', securityToken]);
  const signature = signV1(accessKeySecret, stringToSignV1({ ...parts, query }));
  return [['OSSAccessKeyId', accessKeyId], ['Expires', parts.date], ['Signature', signature], ...query];
}
