import { createKeyring } from '../access/keyring.ts';
import { createRpcVerifier, rpcActionOf } from '../access/rpc.ts';
import type { Sts } from '../access/sts.ts';
import { dataFolderOf } from '../disk/data-folder.ts';
import { upperUuid } from '../http/ids.ts';
import type { Service, ServiceOptions } from '../http/service.ts';
import { assumeRoleAs, type RoleKeys, type RoleSession } from './assume-role.ts';
import { RamRefusal } from './errors.ts';
import { createListener, writeRefusal } from './listener.ts';
import { openRamStore } from './store/ram-store.ts';

export type { RoleSession } from './assume-role.ts';

export interface RamOptions extends ServiceOptions {
  readonly sts: Pick<Sts, 'issue'>;
}

/** Roles and policies of the first account, with the APIs of RAM, STS and the service-linked roles of resource manager. */
export interface Ram extends Service {
  /** Temporary keys of a role. Throws a refusal that says that the role does not exist, or does not trust the principal. */
  assumeRole(arn: string, session: RoleSession): RoleKeys;
}

export async function createRam(options: RamOptions): Promise<Ram> {
  const { sts, clock, random, logger } = options;
  const keyring = createKeyring(options);
  const store = await openRamStore(dataFolderOf(options));
  const { accountId } = keyring.owner;
  const deps = { store, sts, accountId, clock, random };
  const verify = createRpcVerifier({ keyring, clock, refuse: (code) => new RamRefusal(code) });
  return {
    listener: createListener({ ...deps, verify, logger }),
    operationOf: rpcActionOf,
    refuse(request, response, kind) {
      const refusal = new RamRefusal(kind === 'error' ? 'InternalError' : 'Throttling', 'Injected fault.');
      writeRefusal(request, response, refusal, upperUuid(random));
    },
    assumeRole: (arn, session) => assumeRoleAs(deps, arn, session),
    reset: store.reset,
    async close() {},
  };
}
