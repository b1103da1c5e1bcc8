import { createKeyring } from '../access/keyring.ts';
import { dataFolderOf } from '../disk/data-folder.ts';
import { hexId } from '../http/ids.ts';
import type { Service, ServiceOptions } from '../http/service.ts';
import { LogRefusal } from './errors.ts';
import { createListener, writeRefusal } from './listener.ts';
import { findRoute, projectIn } from './routes.ts';
import { type LogStore, openLogStore } from './store/log-store.ts';

/** Log Service: projects and logstores, and the logs that the services of this cloud write. */
export interface Logs extends Service, Pick<LogStore, 'append'> {}

export async function createLogs(options: ServiceOptions): Promise<Logs> {
  const { region, clock, random, logger } = options;
  const keyring = createKeyring(options);
  const store = await openLogStore(dataFolderOf(options));
  const { accountId } = keyring.owner;
  return {
    listener: createListener({ store, keyring, region, accountId, clock, random, logger }),
    operationOf: ({ method = '', url = '/', headers }) =>
      findRoute(method, url, projectIn(headers.host ?? ''))?.route.operation,
    refuse(_, response, kind) {
      const refusal = new LogRefusal(
        kind === 'error' ? 'InternalServerError' : 'WriteQuotaExceed',
        'injected fault',
      );
      writeRefusal(response, refusal, hexId(random, 24));
    },
    append: store.append,
    reset: store.reset,
    close: store.close,
  };
}
