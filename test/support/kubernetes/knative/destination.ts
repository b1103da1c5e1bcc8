import { at, type KubeObject } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { RESOURCES } from '../client/resources.ts';

export interface Destination {
  readonly ref?: {
    readonly apiVersion?: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  };
  readonly uri?: string;
}

/** The address of a destination, or why it has none. */
export async function resolveDestination(
  client: Client,
  { ref, uri }: Destination,
  namespace: string,
): Promise<{ url: string } | { reason: string; message: string }> {
  if (!ref) {
    return uri && URL.canParse(uri)
      ? { url: uri }
      : { reason: 'BadDestination', message: 'destination has neither ref nor absolute uri' };
  }
  const resource = Object.values(RESOURCES).find(
    ({ apiVersion, kind }) => kind === ref.kind && apiVersion === ref.apiVersion,
  );
  if (!resource) return { reason: 'NotFound', message: `no kind ${ref.kind} in ${ref.apiVersion}` };
  const found = await client.get(resource, ref.namespace ?? namespace, ref.name);
  if (!found) return { reason: 'NotFound', message: `${ref.kind} "${ref.name}" not found` };
  const url = addressOf(found);
  if (!url) return { reason: 'NoAddress', message: `${ref.kind} "${ref.name}" has no address yet` };
  return { url: uri ? new URL(uri, url).href : url };
}

function addressOf(object: KubeObject): string | undefined {
  const { name, namespace } = object.metadata;
  if (object.apiVersion === 'v1') return `http://${name}.${namespace}.svc.cluster.local`;
  return at(object, 'status', 'address', 'url') as string | undefined;
}
