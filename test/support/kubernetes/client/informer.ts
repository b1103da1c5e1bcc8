import type { KubeObject } from '../api/types.ts';
import type { Client } from './client.ts';
import { type KnownResource, pathOf } from './resources.ts';

/** The objects of one kind in all namespaces, up to date while the API can be reached. */
export interface Informer {
  /** Resolves after the first list. */
  readonly synced: Promise<void>;
  get(namespace: string, name: string): KubeObject | undefined;
  list(namespace?: string): KubeObject[];
  stop(): void;
}

export const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}`;

const RETRY_MS = 200;

export function startInformer(
  client: Client,
  resource: KnownResource,
  onChange: (object: KubeObject) => void,
): Informer {
  const objects = new Map<string, KubeObject>();
  const stopping = new AbortController();
  const { signal } = stopping;
  let onSynced = () => {};
  const synced = new Promise<void>((resolve) => {
    onSynced = resolve;
  });

  function replaceAll(items: readonly KubeObject[]): void {
    const present = new Set(items.map(keyOf));
    for (const [key, object] of objects) {
      if (present.has(key)) continue;
      objects.delete(key);
      onChange(object);
    }
    for (const item of items) keep({ ...item, apiVersion: resource.apiVersion, kind: resource.kind });
  }

  function keep(object: KubeObject): void {
    const known = objects.get(keyOf(object));
    objects.set(keyOf(object), object);
    if (known?.metadata.resourceVersion !== object.metadata.resourceVersion) onChange(object);
  }

  async function follow(): Promise<void> {
    const list = await client.list(resource);
    replaceAll(list.items);
    onSynced();
    let { resourceVersion } = list.metadata;
    while (!signal.aborted) {
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=240&resourceVersion=${resourceVersion}`;
      await client.watch(
        `${pathOf(resource)}?${query}`,
        (type, object) => {
          resourceVersion = object.metadata.resourceVersion;
          if (type === 'DELETED') {
            objects.delete(keyOf(object));
            onChange(object);
          } else if (type !== 'BOOKMARK') keep(object);
        },
        signal,
      );
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await follow().catch(() => {});
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  void run();
  return {
    synced,
    get: (namespace, name) => objects.get(`${namespace}/${name}`),
    list: (namespace) =>
      [...objects.values()].filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      ),
    stop: () => stopping.abort(),
  };
}
