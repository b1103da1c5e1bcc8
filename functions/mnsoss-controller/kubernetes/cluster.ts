import { createConfiguration, HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node';
import { AppError } from '../../../shared/runtime/errors.ts';
import { parseJson } from '../../../shared/runtime/json.ts';
import { toClusterError } from './errors.ts';
import { apiVersionOf, type KubeObject, type Resource } from './resources.ts';

/**
 * The part of the Kubernetes API that is used. Errors are `AppError` with `details.status`: `ResourceConflict` when another
 * writer was faster, `AccessDenied` when a role lacks the verb that the message names.
 */
export interface Cluster {
  /** `undefined` when the object does not exist, or the API server does not know its kind. */
  get(resource: Resource, namespace: string, name: string): Promise<KubeObject | undefined>;
  list(resource: Resource, options?: { labelSelector?: string }): Promise<KubeList>;
  create(resource: Resource, object: KubeObject): Promise<KubeObject>;
  /** Throws `ResourceConflict` unless `metadata.resourceVersion` is the latest. */
  replace(resource: Resource, object: KubeObject): Promise<KubeObject>;
  /** Server-side apply: takes ownership of the given fields, and removes owned fields that are no longer given. */
  apply(resource: Resource, object: KubeObject): Promise<KubeObject>;
  applyStatus(resource: Resource, object: KubeObject): Promise<KubeObject>;
  /** JSON merge patch. With `metadata.resourceVersion`, throws `ResourceConflict` unless that is the latest. */
  merge(resource: Resource, namespace: string, name: string, patch: object): Promise<KubeObject>;
}

export interface KubeList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: KubeObject[];
}

const FIELD_MANAGER = 'mnsoss-controller';
const STATUS_MANAGER = 'mnsoss-controller-status';
const TIMEOUT_MS = 15_000;

export function connectCluster(config: KubeConfig): Cluster {
  const { httpApi } = createConfiguration();
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new AppError('ConfigInvalid', 'no cluster: run in a pod, or set KUBECONFIG');

  async function send(method: HttpMethod, path: string, request: Request = {}): Promise<unknown> {
    const context = new RequestContext(server + path, method);
    for (const [name, value] of Object.entries(request.query ?? {})) context.setQueryParam(name, value);
    context.setHeaderParam('Accept', 'application/json');
    if (request.body) {
      context.setHeaderParam('Content-Type', request.type ?? 'application/json');
      context.setBody(JSON.stringify(request.body));
    }
    context.setSignal(AbortSignal.timeout(TIMEOUT_MS));
    let status: number;
    let text: string;
    try {
      await config.applySecurityAuthentication(context);
      const response = await httpApi.send(context).toPromise();
      status = response.httpStatusCode;
      text = await response.body.text();
    } catch (cause) {
      throw new AppError('NetworkError', `${method} ${path}: ${describe(cause)}`, { cause });
    }
    if (status >= 200 && status < 300) return parse(text, `${method} ${path}`);
    throw toClusterError(`${method} ${path}`, status, text);
  }

  const patch = async (path: string, body: object, type: string, query: Record<string, string>) =>
    (await send(HttpMethod.PATCH, path, { body, type, query })) as KubeObject;
  const pathOf = (resource: Resource, { metadata }: KubeObject) =>
    objectPath(resource, metadata.namespace, metadata.name);

  return {
    async get(resource, namespace, name) {
      try {
        return (await send(HttpMethod.GET, objectPath(resource, namespace, name))) as KubeObject;
      } catch (error) {
        if (error instanceof AppError && error.details.status === 404) return undefined;
        throw error;
      }
    },
    async list(resource, options = {}) {
      const list = await send(HttpMethod.GET, collectionPath(resource), { query: { ...options } });
      return list as KubeList;
    },
    async create(resource, object) {
      const path = collectionPath(resource, object.metadata.namespace);
      return (await send(HttpMethod.POST, path, { body: object })) as KubeObject;
    },
    async replace(resource, object) {
      return (await send(HttpMethod.PUT, pathOf(resource, object), { body: object })) as KubeObject;
    },
    apply: (resource, object) =>
      patch(pathOf(resource, object), object, APPLY, { fieldManager: FIELD_MANAGER, force: 'true' }),
    applyStatus: (resource, object) =>
      patch(`${pathOf(resource, object)}/status`, object, APPLY, {
        fieldManager: STATUS_MANAGER,
        force: 'true',
      }),
    merge: (resource, namespace, name, body) =>
      patch(objectPath(resource, namespace, name), body, 'application/merge-patch+json', {
        fieldManager: FIELD_MANAGER,
      }),
  };
}

interface Request {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly type?: string;
}

const APPLY = 'application/apply-patch+yaml';

/** Without a namespace, the path of all namespaces. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const api = resource.group === '' ? '/api' : '/apis';
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${api}/${apiVersionOf(resource)}${scope}/${resource.plural}`;
}

function objectPath(resource: Resource, namespace: string | undefined, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

function parse(text: string, request: string): unknown {
  const value = parseJson(text);
  if (value === undefined) throw new AppError('ServiceUnavailable', `${request}: the answer is not JSON`);
  return value;
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
