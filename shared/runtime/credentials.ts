import { AppError } from './errors.ts';

/** What signs a request. A `securityToken` marks temporary credentials. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
  /** Milliseconds since the epoch after which they are refused; absent for long-lived keys. */
  readonly expiresAt?: number;
}

/**
 * Gives the credentials to sign with now. Called for every request, so it must be cheap; `refresh` asks it to
 * drop what it holds, because the service has just refused them as expired.
 */
export type CredentialProvider = (options?: { refresh?: boolean }) => Promise<Credentials>;

export function staticCredentials(credentials: Credentials): CredentialProvider {
  return async () => credentials;
}

/** Names in the order in which they are searched; the last pair is the original sample's. */
const ENVIRONMENT_NAMES = [
  ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
  ['ACCESSKEY_ID', 'ACCESSKEY_SECRET'],
] as const;

/** Reads the environment at every call, so that a platform that rotates its variables is followed. */
export function environmentCredentials(env: NodeJS.ProcessEnv = process.env): CredentialProvider {
  return async () => {
    for (const [idName, secretName] of ENVIRONMENT_NAMES) {
      const accessKeyId = env[idName];
      const accessKeySecret = env[secretName];
      if (!accessKeyId || !accessKeySecret) continue;
      const securityToken = env.ALIBABA_CLOUD_SECURITY_TOKEN;
      return { accessKeyId, accessKeySecret, securityToken };
    }
    throw new AppError(
      'CredentialsMissing',
      `no credentials: set ${ENVIRONMENT_NAMES.map((pair) => pair.join(' and ')).join(', or ')}`,
    );
  };
}
