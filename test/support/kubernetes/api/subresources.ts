import { type Context, timestamp } from './context.ts';
import { jsonPath } from './json-path.ts';
import { type ApiRequest, decode } from './request.ts';
import { badRequest, invalid, notFound } from './status.ts';
import { at, branch, isTree, type KubeObject, type Tree } from './types.ts';
import { changeObject, liveObject, subjectOf } from './write.ts';

/** The `Scale` of an object, which has the same form for all scalable kinds. */
export function scaleOf({ resource }: ApiRequest, object: KubeObject): Tree {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = resource.scale!;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = labelSelectorPath ? jsonPath(object, labelSelectorPath) : undefined;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(jsonPath(object, specReplicasPath) ?? 0) },
    status: {
      replicas: Number(jsonPath(object, statusReplicasPath) ?? 0),
      ...(selector !== undefined && { selector: selectorText(selector) }),
    },
  };
}

/** The selector is an object for built-in kinds, and text for custom kinds. */
const selectorText = (selector: unknown) =>
  isTree(selector)
    ? Object.entries((selector.matchLabels ?? {}) as Tree)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')
    : String(selector);

/** Writes the number of replicas to the resource's path. `change` makes the new Scale from the current one. */
export function changeScale(context: Context, request: ApiRequest, change: (scale: Tree) => Tree): Tree {
  const { resource, name = '' } = request;
  const wanted = change(scaleOf(request, liveObject(context, request)));
  const replicas = at(wanted, 'spec', 'replicas') ?? 0;
  if (!Number.isInteger(replicas) || (replicas as number) < 0) {
    const message = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`;
    throw invalid({ group: 'autoscaling', kind: 'Scale', name }, [
      { field: 'spec.replicas', reason: 'FieldValueInvalid', message },
    ]);
  }
  const asUpdate = { ...request, contentType: 'application/json' };
  const { object } = changeObject(context, asUpdate, (live) => {
    const next = structuredClone(live!);
    const wantedVersion = at(wanted, 'metadata', 'resourceVersion');
    if (wantedVersion) next.metadata.resourceVersion = String(wantedVersion);
    const steps = resource.scale!.specReplicasPath.split('.').filter(Boolean);
    let here: Tree = next;
    for (const step of steps.slice(0, -1)) here = branch(here, step);
    here[steps.at(-1)!] = replicas;
    return next;
  });
  return scaleOf(request, object);
}

/** A TokenRequest. The token is returned once and not stored. */
export function requestToken(context: Context, request: ApiRequest): Tree {
  const account = liveObject(context, request);
  const body = decode(request);
  const seconds = Number(at(body, 'spec', 'expirationSeconds') ?? 3600);
  if (seconds < 600) {
    const message = `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`;
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name: '' }, [
      { field: 'spec.expirationSeconds', reason: 'FieldValueInvalid', message },
    ]);
  }
  const { namespace = '', name } = account.metadata;
  const { token, expires } = context.tokens.issue(namespace, name, seconds);
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: timestamp(context.now()) },
    spec: { audiences: [], ...(body.spec as Tree | undefined), expirationSeconds: seconds },
    status: { token, expirationTimestamp: timestamp(expires) },
  };
}

/** Output of a container, from the kubelet of its node, for `kubectl logs`. */
export async function podLog(context: Context, request: ApiRequest): Promise<Response> {
  const pod = liveObject(context, request);
  const node = context.store.get('/nodes', undefined, String(at(pod, 'spec', 'nodeName') ?? ''));
  if (!node) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  const containers = at(pod, 'spec', 'containers') as { name: string }[];
  const container = request.query.get('container') || containers[0]!.name;
  if (!containers.some(({ name }) => name === container)) {
    throw badRequest(`container ${container} is not valid for pod ${pod.metadata.name}`);
  }
  const address = at(node, 'status', 'addresses', 0, 'address');
  const port = at(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port');
  if (!address || !port) throw notFound(subjectOf(request));
  const { namespace, name } = pod.metadata;
  const url = `http://${address}:${port}/containerLogs/${namespace}/${name}/${container}?${request.query}`;
  return context.fetch(url);
}
