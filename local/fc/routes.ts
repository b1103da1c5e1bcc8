import * as tasks from './operations/async-tasks.ts';
import * as configurations from './operations/configurations.ts';
import * as functions from './operations/functions.ts';
import { httpTrigger, httpTrigger2 } from './operations/http-trigger.ts';
import * as instances from './operations/instances.ts';
import { invokeFunction, invokeFunction2 } from './operations/invoke-function.ts';
import type { Operation } from './operations/operation.ts';
import { receivePush } from './operations/receive-push.ts';
import * as tags from './operations/tags.ts';
import { tempBucketToken } from './operations/temp-bucket-token.ts';
import * as triggers from './operations/triggers.ts';
import * as versions from './operations/versions.ts';

/** How a request is signed: as an API of that version wants it, or not at all. */
export type Api = '2.0' | '3.0' | 'none';

export interface Route {
  readonly operation: string;
  readonly api: Api;
  /** Any method if `*`. */
  readonly method: string;
  /** `:name` stands for one segment, and `*` at the end for any path, empty ones included. */
  readonly path: string;
  /** The source of its behaviour: an official SDK in a test, the documents, or a guess. */
  readonly fidelity: 'sdk' | 'doc';
  /** The RAM action, if the operation itself does not ask. */
  readonly action?: string;
  readonly handle: Operation;
}

const API = '/2023-03-30';
const FUNCTION = `${API}/functions/:function`;
const ALIAS = `${FUNCTION}/aliases/:alias`;
const TRIGGER = `${FUNCTION}/triggers/:trigger`;
const TASK = `${FUNCTION}/async-tasks/:task`;
const ASYNC = `${FUNCTION}/async-invoke-config`;
const CONCURRENCY = `${FUNCTION}/concurrency`;
const PROVISION = `${FUNCTION}/provision-config`;
const SCALING = `${FUNCTION}/scaling-config`;
const TAGS = `${API}/tags-v2`;

const row = (operation: string, request: string, handle: Operation, options: Partial<Route> = {}): Route => {
  const [method = '', path = ''] = request.split(' ');
  return {
    operation,
    api: '3.0',
    method,
    path,
    fidelity: 'sdk',
    action: `fc:${operation}`,
    handle,
    ...options,
  };
};

/** The first row that fits counts. */
// biome-ignore format: a table
export const ROUTES: readonly Route[] = [
  row('InvokeFunction',            `POST ${FUNCTION}/invocations`,    invokeFunction),
  row('CreateFunction',            `POST ${API}/functions`,           functions.createFunction, { action: undefined }),
  row('ListFunctions',             `GET ${API}/functions`,            functions.listFunctions),
  row('GetFunction',               `GET ${FUNCTION}`,                 functions.getFunction),
  row('UpdateFunction',            `PUT ${FUNCTION}`,                 functions.updateFunction),
  row('DeleteFunction',            `DELETE ${FUNCTION}`,              functions.deleteFunction),
  row('GetFunctionCode',           `GET ${FUNCTION}/code`,            functions.getFunctionCode),
  row('DisableFunctionInvocation', `PUT ${FUNCTION}/invoke/disable`,  functions.disableInvocation),
  row('DisableFunctionInvocation', `POST ${FUNCTION}/invoke/disable`, functions.disableInvocation),
  row('EnableFunctionInvocation',  `PUT ${FUNCTION}/invoke/enable`,   functions.enableInvocation),
  row('EnableFunctionInvocation',  `POST ${FUNCTION}/invoke/enable`,  functions.enableInvocation),
  row('ListInstances',             `GET ${FUNCTION}/instances`,       instances.listInstances),
  row('PublishFunctionVersion',    `POST ${FUNCTION}/versions`,       versions.publishVersion),
  row('ListFunctionVersions',      `GET ${FUNCTION}/versions`,        versions.listVersions),
  row('DeleteFunctionVersion',     `DELETE ${FUNCTION}/versions/:version`, versions.deleteVersion),
  row('CreateAlias',               `POST ${FUNCTION}/aliases`,        versions.createAlias),
  row('ListAliases',               `GET ${FUNCTION}/aliases`,         versions.listAliases),
  row('GetAlias',                  `GET ${ALIAS}`,                    versions.getAlias),
  row('UpdateAlias',               `PUT ${ALIAS}`,                    versions.updateAlias),
  row('DeleteAlias',               `DELETE ${ALIAS}`,                 versions.deleteAlias),
  row('CreateTrigger',             `POST ${FUNCTION}/triggers`,       triggers.createTrigger),
  row('ListTriggers',              `GET ${FUNCTION}/triggers`,        triggers.listTriggers),
  row('GetTrigger',                `GET ${TRIGGER}`,                  triggers.getTrigger),
  row('UpdateTrigger',             `PUT ${TRIGGER}`,                  triggers.updateTrigger),
  row('DeleteTrigger',             `DELETE ${TRIGGER}`,               triggers.deleteTrigger),
  row('PutAsyncInvokeConfig',      `PUT ${ASYNC}`,                    configurations.putAsyncConfig),
  row('GetAsyncInvokeConfig',      `GET ${ASYNC}`,                    configurations.getAsyncConfig),
  row('DeleteAsyncInvokeConfig',   `DELETE ${ASYNC}`,                 configurations.deleteAsyncConfig),
  row('ListAsyncInvokeConfigs',    `GET ${API}/async-invoke-configs`, configurations.listAsyncConfigs),
  row('PutConcurrencyConfig',      `PUT ${CONCURRENCY}`,              configurations.putConcurrency),
  row('GetConcurrencyConfig',      `GET ${CONCURRENCY}`,              configurations.getConcurrency),
  row('DeleteConcurrencyConfig',   `DELETE ${CONCURRENCY}`,           configurations.deleteConcurrency),
  row('ListConcurrencyConfigs',    `GET ${API}/concurrency-configs`,  configurations.listConcurrency),
  row('PutProvisionConfig',        `PUT ${PROVISION}`,                configurations.putProvision),
  row('GetProvisionConfig',        `GET ${PROVISION}`,                configurations.getProvision),
  row('DeleteProvisionConfig',     `DELETE ${PROVISION}`,             configurations.deleteProvision),
  row('ListProvisionConfigs',      `GET ${API}/provision-configs`,    configurations.listProvision),
  row('PutScalingConfig',          `PUT ${SCALING}`,                  configurations.putScaling),
  row('GetScalingConfig',          `GET ${SCALING}`,                  configurations.getScaling),
  row('DeleteScalingConfig',       `DELETE ${SCALING}`,               configurations.deleteScaling),
  row('ListScalingConfigs',        `GET ${API}/scaling-configs`,      configurations.listScaling),
  row('TagResources',              `POST ${TAGS}`,                    tags.tagResources),
  row('UntagResources',            `DELETE ${TAGS}`,                  tags.untagResources),
  row('ListTagResources',          `GET ${TAGS}`,                     tags.listTagResources),
  row('ListAsyncTasks',            `GET ${FUNCTION}/async-tasks`,     tasks.listAsyncTasks),
  row('GetAsyncTask',              `GET ${TASK}`,                     tasks.getAsyncTask),
  row('StopAsyncTask',             `PUT ${TASK}/stop`,                tasks.stopAsyncTask),
  row('ListVpcBindings',           `GET ${FUNCTION}/vpc-bindings`,    instances.listVpcBindings),
  row('ListLayers',                `GET ${API}/layers`,               instances.listLayers),
  row('DescribeRegions',           `GET ${API}/regions`,              instances.describeRegions),
  // 2.0: what its SDK still has to do with functions of 3.0.
  row('GetTempBucketToken',        'GET /2016-08-15/tempBucketToken', tempBucketToken, { api: '2.0', action: 'fc:GetTempBucketToken' }),
  row('InvokeFunction2',           'POST /2016-08-15/services/:service/functions/:function/invocations', invokeFunction2, { api: '2.0', action: 'fc:InvokeFunction' }),
  row('HttpTrigger2',              '* /2016-08-15/proxy/:service/:function*', httpTrigger2, { api: 'none', fidelity: 'doc', action: undefined }),
  // Addresses of this server alone.
  row('HttpTrigger',               '* /http/:function/:trigger*',     httpTrigger, { api: 'none', fidelity: 'doc', action: undefined }),
  row('DownloadCode',              'GET /code/:checksum.zip',         functions.downloadCode, { api: 'none', action: undefined }),
  row('ReceivePush',               'POST /mns-topic/:function/:trigger/:secret', receivePush, { api: 'none', fidelity: 'doc', action: undefined }),
];

const PATTERNS = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(
    `^${route.path
      .replaceAll('.', '\\.')
      .replace(/:(\w+)/g, '(?<$1>[^/]+?)')
      .replace(/\*$/, '(?<path>/.*)?')}/?$`,
  ),
}));

export interface Match {
  readonly route: Route;
  /** Decoded, except for `path`. */
  readonly params: Readonly<Record<string, string>>;
}

export function findRoute(method: string, target: string): Match | undefined {
  const { pathname } = new URL(target, 'http://fc');
  for (const { route, pattern } of PATTERNS) {
    if (route.method !== '*' && route.method !== method) continue;
    const match = pattern.exec(pathname);
    if (match) return { route, params: decodeAll(match.groups ?? {}) };
  }
  return undefined;
}

/** doc: in 2.0 a qualifier follows the name of the service. */
function decodeAll(groups: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(groups)) {
    if (value !== undefined) params[name] = name === 'path' ? value : decodeURIComponent(value);
  }
  const [service, qualifier] = params.service?.split('.') ?? [];
  if (service !== undefined) params.service = service;
  if (qualifier !== undefined) params.qualifier = qualifier;
  return params;
}
