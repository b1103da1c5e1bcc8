import { getLogs, getLogsV2 } from './operations/get-logs.ts';
import * as logstores from './operations/logstores.ts';
import type { Operation } from './operations/operation.ts';
import * as projects from './operations/projects.ts';

export interface Route {
  readonly operation: string;
  readonly method: string;
  /** `:logstore` stands for one segment. */
  readonly path: string;
  /** Whether the host name has to name a project. */
  readonly inProject: boolean;
  /** The RAM action that allows it. */
  readonly action: string;
  readonly handle: Operation;
}

const LOGSTORE = '/logstores/:logstore';
const INDEX = '/logstores/:logstore/index';

/** doc: Log Service API 0.6.0, as far as deployments and `s logs` use it. */
// biome-ignore format: a table
export const ROUTES: readonly Route[] = [
  { operation: 'CreateProject',  method: 'POST',   path: '/',               inProject: false, action: 'log:CreateProject',    handle: projects.createProject },
  { operation: 'ListProject',    method: 'GET',    path: '/',               inProject: false, action: 'log:ListProject',      handle: projects.listProjects },
  { operation: 'GetProject',     method: 'GET',    path: '/',               inProject: true,  action: 'log:GetProject',       handle: projects.getProject },
  { operation: 'DeleteProject',  method: 'DELETE', path: '/',               inProject: true,  action: 'log:DeleteProject',    handle: projects.deleteProject },
  { operation: 'CreateLogStore', method: 'POST',   path: '/logstores',      inProject: true,  action: 'log:CreateLogStore',   handle: logstores.createLogstore },
  { operation: 'ListLogStores',  method: 'GET',    path: '/logstores',      inProject: true,  action: 'log:ListLogStores',    handle: logstores.listLogstores },
  { operation: 'GetLogStore',    method: 'GET',    path: LOGSTORE,          inProject: true,  action: 'log:GetLogStore',      handle: logstores.getLogstore },
  { operation: 'DeleteLogStore', method: 'DELETE', path: LOGSTORE,          inProject: true,  action: 'log:DeleteLogStore',   handle: logstores.deleteLogstore },
  { operation: 'CreateIndex',    method: 'POST',   path: INDEX,             inProject: true,  action: 'log:CreateIndex',      handle: logstores.createIndex },
  { operation: 'UpdateIndex',    method: 'PUT',    path: INDEX,             inProject: true,  action: 'log:UpdateIndex',      handle: logstores.updateIndex },
  { operation: 'GetIndex',       method: 'GET',    path: INDEX,             inProject: true,  action: 'log:GetIndex',         handle: logstores.getIndex },
  { operation: 'DeleteIndex',    method: 'DELETE', path: INDEX,             inProject: true,  action: 'log:DeleteIndex',      handle: logstores.deleteIndex },
  { operation: 'GetLogsV2',      method: 'POST',   path: `${LOGSTORE}/logs`, inProject: true, action: 'log:GetLogStoreLogs',  handle: getLogsV2 },
];

/** The address of GetLogStore, with a parameter. */
export const GET_LOGS: Route = {
  operation: 'GetLogs',
  method: 'GET',
  path: `${LOGSTORE}?type=log`,
  inProject: true,
  action: 'log:GetLogStoreLogs',
  handle: getLogs,
};

export interface Match {
  readonly route: Route;
  readonly logstore: string;
}

const PATTERNS = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(':logstore', '(?<logstore>[^/]+)')}/?$`),
}));

export function findRoute(method: string, target: string, project: string): Match | undefined {
  const { pathname, searchParams } = new URL(target, 'http://log');
  for (const { route, pattern } of PATTERNS) {
    const match = pattern.exec(pathname);
    if (route.method !== method || !match || route.inProject !== (project !== '')) continue;
    const logstore = decodeURIComponent(match.groups?.logstore ?? '');
    const isLogs = route.operation === 'GetLogStore' && searchParams.get('type') === 'log';
    return { route: isLogs ? GET_LOGS : route, logstore };
  }
  return undefined;
}

/** doc: the project is the first label of the host name, before that of the region; sdk: also before an IP address. */
export function projectIn(host: string): string {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return (
    /^([a-z0-9][a-z0-9-]*)\.(?:[a-z0-9-]+\.log\.aliyuncs\.com|[^.]*localhost|\d+\.\d+\.\d+\.\d+)$/.exec(
      name,
    )?.[1] ?? ''
  );
}
