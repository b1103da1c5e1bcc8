import type { Operations } from './operations/index.ts';

/** One operation of MNS, version 2015-06-06. */
export interface Route {
  readonly operation: Capitalize<keyof Operations>;
  readonly method: string;
  /** `:name` stands for one segment. */
  readonly path: string;
  /** The query parameter, or the root of the body, that selects this operation. */
  readonly only?: { readonly query: string } | { readonly root: string };
  /** What a RAM policy has to allow. */
  readonly action: string;
  /** The source of its behaviour: a test with an official SDK, or documents alone. */
  readonly fidelity: 'sdk' | 'doc';
}

const QUEUE = '/queues/:queue';
const MESSAGES = '/queues/:queue/messages';
const TOPIC = '/topics/:topic';
const SUBSCRIPTION = '/topics/:topic/subscriptions/:subscription';
const META = { query: 'metaoverride' };
const PEEK = { query: 'peekonly' };
const HANDLE = { query: 'receipthandle' };
const BATCH = { root: 'Messages' };

/** The first row that fits counts. */
// biome-ignore format: a table
export const ROUTES: readonly Route[] = [
  { operation: 'SetQueueAttributes',        method: 'PUT',    path: QUEUE,    only: META,   action: 'mns:SetQueueAttributes',        fidelity: 'sdk' },
  { operation: 'CreateQueue',               method: 'PUT',    path: QUEUE,                  action: 'mns:CreateQueue',               fidelity: 'sdk' },
  { operation: 'GetQueueAttributes',        method: 'GET',    path: QUEUE,                  action: 'mns:GetQueueAttributes',        fidelity: 'sdk' },
  { operation: 'DeleteQueue',               method: 'DELETE', path: QUEUE,                  action: 'mns:DeleteQueue',               fidelity: 'sdk' },
  { operation: 'ListQueue',                 method: 'GET',    path: '/queues',              action: 'mns:ListQueue',                 fidelity: 'sdk' },
  { operation: 'BatchSendMessage',          method: 'POST',   path: MESSAGES, only: BATCH,  action: 'mns:SendMessage',               fidelity: 'sdk' },
  { operation: 'SendMessage',               method: 'POST',   path: MESSAGES,               action: 'mns:SendMessage',               fidelity: 'sdk' },
  { operation: 'PeekMessage',               method: 'GET',    path: MESSAGES, only: PEEK,   action: 'mns:PeekMessage',               fidelity: 'sdk' },
  { operation: 'ReceiveMessage',            method: 'GET',    path: MESSAGES,               action: 'mns:ReceiveMessage',            fidelity: 'sdk' },
  { operation: 'DeleteMessage',             method: 'DELETE', path: MESSAGES, only: HANDLE, action: 'mns:DeleteMessage',             fidelity: 'sdk' },
  { operation: 'BatchDeleteMessage',        method: 'DELETE', path: MESSAGES,               action: 'mns:DeleteMessage',             fidelity: 'sdk' },
  { operation: 'ChangeMessageVisibility',   method: 'PUT',    path: MESSAGES,               action: 'mns:ChangeMessageVisibility',   fidelity: 'sdk' },
  { operation: 'SetTopicAttributes',        method: 'PUT',    path: TOPIC,    only: META,   action: 'mns:SetTopicAttributes',        fidelity: 'sdk' },
  { operation: 'CreateTopic',               method: 'PUT',    path: TOPIC,                  action: 'mns:CreateTopic',               fidelity: 'sdk' },
  { operation: 'GetTopicAttributes',        method: 'GET',    path: TOPIC,                  action: 'mns:GetTopicAttributes',        fidelity: 'sdk' },
  { operation: 'DeleteTopic',               method: 'DELETE', path: TOPIC,                  action: 'mns:DeleteTopic',               fidelity: 'doc' },
  { operation: 'ListTopic',                 method: 'GET',    path: '/topics',              action: 'mns:ListTopic',                 fidelity: 'sdk' },
  { operation: 'PublishMessage',            method: 'POST',   path: '/topics/:topic/messages',      action: 'mns:PublishMessage',          fidelity: 'sdk' },
  { operation: 'SetSubscriptionAttributes', method: 'PUT',    path: SUBSCRIPTION, only: META,       action: 'mns:SetSubscriptionAttributes', fidelity: 'doc' },
  { operation: 'Subscribe',                 method: 'PUT',    path: SUBSCRIPTION,                   action: 'mns:Subscribe',               fidelity: 'doc' },
  { operation: 'GetSubscriptionAttributes', method: 'GET',    path: SUBSCRIPTION,                   action: 'mns:GetSubscriptionAttributes', fidelity: 'doc' },
  { operation: 'Unsubscribe',               method: 'DELETE', path: SUBSCRIPTION,                   action: 'mns:Unsubscribe',             fidelity: 'doc' },
  { operation: 'ListSubscriptionByTopic',   method: 'GET',    path: '/topics/:topic/subscriptions', action: 'mns:ListSubscriptionByTopic', fidelity: 'doc' },
  { operation: 'GetAccountAttributes',      method: 'GET',    path: '/',      only: { query: 'accountmeta' }, action: 'mns:GetAccountAttributes', fidelity: 'doc' },
  { operation: 'SetAccountAttributes',      method: 'PUT',    path: '/',      only: { query: 'accountmeta' }, action: 'mns:SetAccountAttributes', fidelity: 'doc' },
  { operation: 'OpenService',               method: 'POST',   path: '/commonbuy/openservice',       action: 'mns:OpenService',             fidelity: 'doc' },
];

const PATTERNS = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}/?$`),
}));

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** @param root the name of the body's root element, if the body has been read */
export function matchRoute(
  request: { method: string; path: string; query: ReadonlyMap<string, string> },
  root?: string,
): Match | undefined {
  for (const { route, pattern } of PATTERNS) {
    if (route.method !== request.method || !fits(route.only, request.query, root)) continue;
    const match = pattern.exec(request.path);
    if (match) return { route, params: { ...match.groups } };
  }
  return undefined;
}

function fits(only: Route['only'], query: ReadonlyMap<string, string>, root: string | undefined): boolean {
  if (!only) return true;
  return 'query' in only ? query.has(only.query) : only.root === root;
}
