import { createHash } from 'node:crypto';
import { isMnsEndpoint } from '../../../shared/mns/account.ts';
import { decodeToken, type MnsOssToken } from '../../../shared/mns/token.ts';
import { isAppError } from '../../../shared/runtime/errors.ts';
import type { ControllerDeps } from '../deps.ts';
import { type KubeObject, RESOURCES } from '../kubernetes/resources.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { markFalse, markTrue, type StepResult } from '../status/conditions.ts';

/** Empty unless the condition is True. The token is never written anywhere. */
export interface TokenFacts {
  readonly token?: MnsOssToken;
  readonly tokenHash?: string;
}

export type CredentialsResult = StepResult<'CredentialsProvided', TokenFacts>;

/** Only reads the token: pollers get it from the Secret itself. */
export async function readCredentials(
  source: Source,
  { accessToken }: Pick<SourceSpec, 'accessToken'>,
  { cluster, options: { mnsEndpoints } }: Pick<ControllerDeps, 'cluster' | 'options'>,
): Promise<CredentialsResult> {
  const { name, key } = accessToken.secretKeyRef;
  const { namespace } = keyOf(source);

  let secret: (KubeObject & { data?: Record<string, string> }) | undefined;
  try {
    secret = await cluster.get(RESOURCES.secret, namespace, name);
  } catch (error) {
    if (!isAppError(error, 'AccessDenied')) throw error;
    return missing(
      'SecretForbidden',
      `the controller may not read Secrets in namespace ${namespace}: apply knative/namespace there, which binds its account to the ClusterRole mnsoss-token-reader`,
    );
  }
  if (!secret) {
    return missing(
      'SecretMissing',
      `Secret ${name} does not exist in namespace ${namespace}: create it with a key ${key}, or correct spec.accessToken`,
    );
  }
  const encoded = secret.data?.[key];
  if (encoded === undefined) {
    const keys = Object.keys(secret.data ?? {}).join(', ') || 'none';
    return missing('SecretKeyMissing', `Secret ${name} has no key ${key}; it has: ${keys}`);
  }
  const value = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    const facts = { token: decodeToken(value), tokenHash: hashOf(source, value) };
    const { host } = new URL(facts.token.url);
    if (!isMnsEndpoint(facts.token.url) && !mnsEndpoints.includes(host)) {
      return missing(
        'EndpointRefused',
        `key ${key} of Secret ${name}: ${host} is not an endpoint of MNS: correct url, or add the host to MNS_ENDPOINTS of the controller`,
      );
    }
    return { conditions: markTrue('CredentialsProvided'), facts };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return missing('TokenMalformed', `key ${key} of Secret ${name}: ${error.message}`);
  }
}

function missing(reason: string, message: string): CredentialsResult {
  return { conditions: markFalse('CredentialsProvided', reason, message), facts: {} };
}

/** Differs when the value changes. It does not show that two sources have the same token. */
function hashOf({ metadata }: Source, value: string): string {
  return createHash('sha256').update(`${metadata.uid}\n${value}`).digest('hex').slice(0, 16);
}
