import * as z from 'zod/mini';
import type { Credentials } from '../runtime/credentials.ts';
import { AppError } from '../runtime/errors.ts';
import { parseJson } from '../runtime/json.ts';

/** Endpoint and credentials of MNS, which the MnsOss event source of Knative keeps in one Secret. */
export interface MnsOssToken {
  /** The endpoint of MNS. */
  readonly url: string;
  readonly credentials: Credentials;
}

const schema = z.object({
  url: z.url({ protocol: /^https?$/ }),
  accessKeyId: z.string().check(z.minLength(1)),
  accessKeySecret: z.string().check(z.minLength(1)),
  securityToken: z.optional(z.string().check(z.minLength(1))),
});

/**
 * Reads Base64 of JSON `{url, accessKeyId, accessKeySecret}`, or that JSON itself: Kubernetes decodes a Secret before a
 * container reads it. Throws `TokenMalformed`, which names missing and invalid fields and never quotes the token.
 */
export function decodeToken(token: string): MnsOssToken {
  const text = token.trim();
  const json = text.startsWith('{') ? text : decodeBase64(text);
  if (json === undefined) throw malformed('it is neither JSON nor Base64');
  const value = parseJson(json);
  if (value === undefined) throw malformed('its content is not JSON');
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the object'))];
    throw malformed(`missing or invalid: ${fields.join(', ')}`);
  }
  const { url, ...credentials } = parsed.data;
  return { url, credentials };
}

function decodeBase64(text: string): string | undefined {
  // `base64` on a terminal wraps its lines.
  const joined = text.replace(/\s+/g, '');
  if (joined === '' || joined.length % 4 === 1 || !/^[A-Za-z0-9+/]+={0,2}$/.test(joined)) return undefined;
  return Buffer.from(joined, 'base64').toString('utf8');
}

function malformed(why: string): AppError {
  return new AppError(
    'TokenMalformed',
    `the MnsOss token must be JSON with url, accessKeyId and accessKeySecret, or its Base64: ${why}`,
  );
}
