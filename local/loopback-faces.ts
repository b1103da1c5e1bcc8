import type { CredentialProvider } from '../shared/runtime/credentials.ts';
import { environmentCredentials, staticCredentials } from '../shared/runtime/credentials.ts';
import { AppError } from '../shared/runtime/errors.ts';
import type { Account } from './access/account.ts';

export interface FaceSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialProvider;
}

/** Known people are kept on this machine unless somebody says otherwise: where the engine finds them again. */
export function withLocalGallery(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, GALLERY: env.GALLERY || (env.ENGINE === 'facebody' ? 'facebody' : 'oss') };
}

/** Whether somebody wants the real service, whose keys then come from the environment. */
export function isFaceBodyElsewhere(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.FACEBODY_ENDPOINT);
}

/** FaceBody is the local cloud's unless `FACEBODY_ENDPOINT` names another. */
export function faceSurroundings(
  env: NodeJS.ProcessEnv,
  { facebodyUrl, account }: { readonly facebodyUrl?: string; readonly account: Account },
): FaceSurroundings {
  if (isFaceBodyElsewhere(env)) return { env, credentials: environmentCredentials(env) };
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
