import { AppError } from './errors.ts';

/** What signs a request. A `securityToken` marks temporary credentials. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
  /** Milliseconds since the epoch when they expire; absent for permanent keys. */
  readonly expiresAt?: number;
}

/**
 * The credentials to sign with now. Called for every request, so it must be cheap. `refresh` discards cached ones, because the
 * service has just rejected them as expired.
 */
export type CredentialProvider = (options?: { refresh?: boolean }) => Promise<Credentials>;

export function staticCredentials(credentials: Credentials): CredentialProvider {
  return async () => credentials;
}

/** In the order in which they are searched. The last pair has the names of the original sample. */
const ENVIRONMENT_NAMES = [
  ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
  ['ACCESSKEY_ID', 'ACCESSKEY_SECRET'],
] as const;

/** Reads the environment at every call, because a platform may rotate the variables. */
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
