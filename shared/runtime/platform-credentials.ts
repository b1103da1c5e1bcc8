import type { Clock } from './clock.ts';
import { type CredentialProvider, environmentCredentials } from './credentials.ts';
import { createRoleCredentials, readRoleSettings } from './role-credentials.ts';

/** Credentials of a container: a key in the environment, or the role of its service account if that is configured. */
export function platformCredentials(env: NodeJS.ProcessEnv, clock: Clock): CredentialProvider {
  const role = readRoleSettings(env);
  const hasKey = env.ALIBABA_CLOUD_ACCESS_KEY_ID || env.ACCESSKEY_ID;
  return role && !hasKey ? createRoleCredentials(role, { clock }) : environmentCredentials(env);
}
