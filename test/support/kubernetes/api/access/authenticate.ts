import { unauthorized } from '../status.ts';
import type { Store } from '../store.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

const ADMIN: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

export interface Tokens {
  /** The user of the bearer token. Throws 401 for an unknown token. */
  userOf(authorization: string | undefined): User;
  /** Makes a token for a service account, like TokenRequest. It is valid as long as the account exists. */
  issue(namespace: string, name: string, seconds: number): { token: string; expires: number };
}

interface Issued {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly expires: number;
}

export function createTokens(
  store: Store,
  adminToken: string,
  { now, newToken }: { now: () => number; newToken: () => string },
): Tokens {
  const issued = new Map<string, Issued>();
  const accountOf = (namespace: string, name: string) => store.get('/serviceaccounts', namespace, name);
  return {
    userOf(authorization) {
      const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
      if (token === adminToken) return ADMIN;
      const account = token ? issued.get(token) : undefined;
      if (!account || account.expires < now()) throw unauthorized();
      const { namespace, name, uid } = account;
      if (accountOf(namespace, name)?.metadata.uid !== uid) throw unauthorized();
      return {
        name: `system:serviceaccount:${namespace}:${name}`,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      };
    },
    issue(namespace, name, seconds) {
      const token = newToken();
      const expires = now() + seconds * 1000;
      issued.set(token, { namespace, name, uid: accountOf(namespace, name)!.metadata.uid, expires });
      return { token, expires };
    },
  };
}
