import type { CredentialProvider } from '../../shared/runtime/credentials.ts';
import { environmentCredentials, staticCredentials } from '../../shared/runtime/credentials.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { Account } from '../access/account.ts';

export interface FaceBodyAccess {
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialProvider;
}

/** Keeps known people and every face on this machine, unless the environment says otherwise: as the engine allows. */
export function withLocalGallery(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const gallery = env.GALLERY || (env.ENGINE === 'facebody' ? 'facebody' : 'oss');
  return { ...env, GALLERY: gallery, INDEX: env.INDEX || (gallery === 'oss' ? 'oss' : 'off') };
}

/** Whether the environment selects the real service. Its keys then come from the environment too. */
export function usesRealFaceBody(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.FACEBODY_ENDPOINT);
}

/** The settings and keys for FaceBody: of the local cloud, unless `FACEBODY_ENDPOINT` is set. */
export function faceBodyAccess(
  env: NodeJS.ProcessEnv,
  { facebodyUrl, account }: { readonly facebodyUrl?: string; readonly account: Account },
): FaceBodyAccess {
  if (usesRealFaceBody(env)) return { env, credentials: environmentCredentials(env) };
  if (facebodyUrl === undefined) {
    throw new AppError('ConfigInvalid', 'this cloud was started without FaceBody: start it again');
  }
  const endpoint = new URL(facebodyUrl).host;
  return {
    env: {
      ...env,
      FACEBODY_ENDPOINT: endpoint,
      FACEBODY_UPLOAD_ENDPOINT: endpoint,
      FACEBODY_PROTOCOL: 'HTTP',
    },
    credentials: staticCredentials(account),
  };
}
