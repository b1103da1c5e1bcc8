import type { MnsOssToken } from '../../shared/mns/token.ts';

/** The opposite of `decodeToken`: Base64 of JSON, as a person writes it into a Secret. */
export function encodeToken({ url, credentials }: MnsOssToken): string {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  return Buffer.from(JSON.stringify({ url, accessKeyId, accessKeySecret, securityToken })).toString('base64');
}
