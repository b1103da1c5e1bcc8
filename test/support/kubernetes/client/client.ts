import http, { type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { createInterface } from 'node:readline';
import type { KubeConfig } from '@kubernetes/client-node';
import type { KubeObject, Tree } from '../api/types.ts';
import { type KnownResource, pathOf } from './resources.ts';

/** An error answer of the API: `status` is the HTTP status, `reason` comes from the `Status`. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export type PatchType = 'merge' | 'json' | 'strategic';

/** A client of any Kubernetes API over plain HTTP, for the test components and the tests. */
export interface Client {
  get(resource: KnownResource, namespace: string, name: string): Promise<KubeObject | undefined>;
  list(resource: KnownResource, namespace?: string, query?: Record<string, string>): Promise<KubeList>;
  create(resource: KnownResource, object: Tree): Promise<KubeObject>;
  /** Server-side apply, by force. */
  apply(resource: KnownResource, object: Tree, manager: string, subresource?: string): Promise<KubeObject>;
  patch(
    resource: KnownResource,
    namespace: string,
    name: string,
    type: PatchType,
    body: unknown,
    subresource?: string,
  ): Promise<KubeObject>;
  /** Does nothing when the object does not exist. */
  remove(resource: KnownResource, namespace: string, name: string, options?: Tree): Promise<void>;
  /** Any other request. */
  send(method: string, path: string, options?: Sending): Promise<unknown>;
  /** Ends when the server ends it. Throws the error of an ERROR event. */
  watch(
    path: string,
    onEvent: (type: string, object: KubeObject) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface KubeList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: KubeObject[];
}

interface Sending {
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  readonly type?: string;
  readonly signal?: AbortSignal;
}

const PATCH_TYPES: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

export function createClient(config: KubeConfig): Client {
  const agent = new https.Agent({ keepAlive: true });

  async function open(
    method: string,
    path: string,
    { query = {}, body, type, signal }: Sending,
  ): Promise<IncomingMessage> {
    const url = new URL(config.getCurrentCluster()!.server + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions = {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'mnsoss-face-tests',
        ...(text !== undefined && {
          'content-type': type ?? 'application/json',
          'content-length': Buffer.byteLength(text),
        }),
      },
      ...(signal && { signal }),
    };
    await config.applyToHTTPSOptions(options);
    const isPlain = url.protocol === 'http:';
    // The library makes one agent per request; the options contain the certificates too.
    options.agent = isPlain ? undefined : agent;
    return new Promise((resolve, reject) => {
      const request = (isPlain ? http : https).request(url, options, resolve);
      request.on('error', reject);
      request.end(text);
    });
  }

  async function send(method: string, path: string, sending: Sending = {}): Promise<unknown> {
    const response = await open(method, path, sending);
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status < 400) return response.headers['content-type']?.includes('json') ? JSON.parse(text) : text;
    throw refusal(status, text);
  }

  const object = async (method: string, path: string, sending: Sending) =>
    (await send(method, path, sending)) as KubeObject;
  const below = (path: string, subresource?: string) => (subresource ? `${path}/${subresource}` : path);

  return {
    send,
    async get(resource, namespace, name) {
      try {
        return await object('GET', pathOf(resource, namespace, name), {});
      } catch (error) {
        if (error instanceof RefusedError && error.status === 404) return undefined;
        throw error;
      }
    },
    list: async (resource, namespace, query = {}) =>
      (await send('GET', pathOf(resource, namespace), { query })) as KubeList,
    create: (resource, body) =>
      object('POST', pathOf(resource, (body as KubeObject).metadata.namespace), {
        body: { apiVersion: resource.apiVersion, kind: resource.kind, ...body },
      }),
    apply(resource, body, manager, subresource) {
      const { namespace, name } = (body as KubeObject).metadata;
      const full = { apiVersion: resource.apiVersion, kind: resource.kind, ...body };
      const path = below(pathOf(resource, namespace, name), subresource);
      return object('PATCH', path, {
        body: full,
        type: 'application/apply-patch+yaml',
        query: { fieldManager: manager, force: 'true' },
      });
    },
    patch: (resource, namespace, name, type, body, subresource) =>
      object('PATCH', below(pathOf(resource, namespace, name), subresource), {
        body,
        type: PATCH_TYPES[type],
      }),
    async remove(resource, namespace, name, options) {
      try {
        await send('DELETE', pathOf(resource, namespace, name), { ...(options && { body: options }) });
      } catch (error) {
        if (!(error instanceof RefusedError && error.status === 404)) throw error;
      }
    },
    async watch(path, onEvent, signal) {
      const response = await open('GET', path, { signal });
      if (response.statusCode !== 200) throw refusal(response.statusCode ?? 0, await textOf(response));
      for await (const line of createInterface({ input: response })) {
        const { type, object: about } = JSON.parse(line) as { type: string; object: KubeObject };
        if (type === 'ERROR') throw refusal(Number(about.code), JSON.stringify(about));
        onEvent(type, about);
      }
    },
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function refusal(status: number, text: string): RefusedError {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: string; message?: string };
    return new RefusedError(status, reason ?? '', message ?? text);
  } catch {
    return new RefusedError(status, '', text);
  }
}
