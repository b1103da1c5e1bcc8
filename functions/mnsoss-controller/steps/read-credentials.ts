import { createHash } from 'node:crypto';
import { decodeToken, type MnsOssToken } from '../../../shared/mns/token.ts';
import { isAppError } from '../../../shared/runtime/errors.ts';
import { type KubeObject, RESOURCES } from '../kubernetes/resources.ts';
import type { Parts } from '../parts.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { failed, fine, type Verdict } from '../status/conditions.ts';

export interface Credentials {
  readonly verdict: Verdict;
  /** Absent unless the verdict is True. It is never written anywhere. */
  readonly found?: { readonly token: MnsOssToken; readonly hash: string };
}

/** Reads the token, and only reads it: pollers get it from the Secret itself. */
export async function readCredentials(
  source: Source,
  { accessToken }: Pick<SourceSpec, 'accessToken'>,
  { cluster }: Pick<Parts, 'cluster'>,
): Promise<Credentials> {
  const { name, key } = accessToken.secretKeyRef;
  const { namespace } = keyOf(source);
  const fail = (reason: string, message: string) => ({ verdict: failed(reason, message) });

  let secret: (KubeObject & { data?: Record<string, string> }) | undefined;
  try {
    secret = await cluster.get(RESOURCES.secret, namespace, name);
  } catch (error) {
    if (!isAppError(error, 'AccessDenied')) throw error;
    return fail(
      'SecretForbidden',
      `the controller may not read Secrets in namespace ${namespace}: bind its account to the ClusterRole mnsoss-token-reader there`,
    );
  }
  if (!secret) {
    return fail(
      'SecretMissing',
      `Secret ${name} does not exist in namespace ${namespace}: create it with a key ${key}, or correct spec.accessToken`,
    );
  }
  const encoded = secret.data?.[key];
  if (encoded === undefined) {
    const keys = Object.keys(secret.data ?? {}).join(', ') || 'none';
    return fail('SecretKeyMissing', `Secret ${name} has no key ${key}; it has: ${keys}`);
  }
  const value = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    return { verdict: fine, found: { token: decodeToken(value), hash: hashOf(source, value) } };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return fail('TokenMalformed', `key ${key} of Secret ${name}: ${error.message}`);
  }
}

/** Tells one value from the next, and of two sources nobody sees that they have the same token. */
function hashOf({ metadata }: Source, value: string): string {
  return createHash('sha256').update(`${metadata.uid}\n${value}`).digest('hex').slice(0, 16);
}
