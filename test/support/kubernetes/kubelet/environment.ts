import type { Client } from '../client/client.ts';
import { RESOURCES } from '../client/resources.ts';
import type { Container, EnvVar, Pod } from './pod.ts';

/** Why a container cannot start yet. `kubectl get pods` shows `reason`. */
export class NotStartable extends Error {
  override readonly name = 'NotStartable';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The environment of a container, with all references resolved. */
export async function environmentOf(
  client: Client,
  pod: Pod,
  container: Container,
): Promise<Record<string, string>> {
  const { namespace = '' } = pod.metadata;
  const env: Record<string, string> = {};
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const found = secretRef
      ? await dataOf(client, 'secrets', namespace, secretRef.name, secretRef.optional)
      : await dataOf(client, 'configMaps', namespace, configMapRef!.name, configMapRef!.optional);
    for (const [key, value] of Object.entries(found)) env[prefix + key] = value.toString('utf8');
  }
  for (const variable of container.env ?? []) {
    const value = await lookUp(client, pod, variable);
    if (value !== undefined) env[variable.name] = expand(value, env);
  }
  return env;
}

/** `$(NAME)` stands for a variable that is defined before. */
const expand = (value: string, env: Record<string, string>) =>
  value.replace(/\$\(([^)]+)\)/g, (whole, name: string) => env[name] ?? whole);

async function lookUp(client: Client, pod: Pod, { value, valueFrom }: EnvVar): Promise<string | undefined> {
  if (!valueFrom) return value ?? '';
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath);
  const ref = secretKeyRef ?? configMapKeyRef;
  if (!ref)
    throw new NotStartable('CreateContainerConfigError', `unsupported source ${JSON.stringify(valueFrom)}`);
  const kind = secretKeyRef ? 'secrets' : 'configMaps';
  const data = await dataOf(client, kind, pod.metadata.namespace!, ref.name, ref.optional);
  const found = data[ref.key];
  if (found === undefined && !ref.optional) {
    throw new NotStartable(
      'CreateContainerConfigError',
      `couldn't find key ${ref.key} in ${kind} ${ref.name}`,
    );
  }
  return found?.toString('utf8');
}

function fieldOf({ metadata, spec, status }: Pod, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '';
  const values: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName ?? 'default',
    'status.podIP': status?.podIP ?? '127.0.0.1',
    'status.hostIP': '127.0.0.1',
  };
  if (!(path in values)) throw new NotStartable('CreateContainerConfigError', `unsupported field ${path}`);
  return values[path] ?? '';
}

/** Of a Secret or ConfigMap, as bytes. */
export async function dataOf(
  client: Client,
  kind: 'secrets' | 'configMaps',
  namespace: string,
  name: string,
  optional = false,
): Promise<Record<string, Buffer>> {
  const object = await client.get(RESOURCES[kind], namespace, name);
  if (!object) {
    if (optional) return {};
    const what = kind === 'secrets' ? 'secret' : 'configmap';
    throw new NotStartable('CreateContainerConfigError', `${what} "${name}" not found`);
  }
  const encoding = kind === 'secrets' ? 'base64' : 'utf8';
  const data = (object.data ?? {}) as Record<string, string>;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, encoding)]));
}
