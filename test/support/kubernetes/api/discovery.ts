import { groupVersion, type Resource } from './resource.ts';
import type { Tree } from './types.ts';

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** `/api`, `/apis` and below, aggregated if the client accepts it. Undefined for an unknown path. */
export function discover(path: string, accept: string, resources: readonly Resource[]): Tree | undefined {
  // Older clients know only its beta version, and get the plain form.
  const aggregated = /;v=v2;as=APIGroupDiscoveryList/.test(accept);
  if (path === '/api') {
    return aggregated
      ? aggregate(resources.filter(({ group }) => !group))
      : { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  }
  if (path === '/apis') {
    const grouped = resources.filter(({ group }) => group);
    return aggregated
      ? aggregate(grouped)
      : {
          kind: 'APIGroupList',
          apiVersion: 'v1',
          groups: groupsOf(grouped).map((group) => plainGroup(group, grouped)),
        };
  }
  const [root, first, second, ...more] = path.split('/').filter(Boolean);
  if (more.length > 0) return undefined;
  if (root === 'apis' && first && !second) {
    return groupsOf(resources).includes(first)
      ? { ...plainGroup(first, resources), apiVersion: 'v1' }
      : undefined;
  }
  const [group, version] = root === 'api' ? ['', first] : [first, second];
  if (!version || (root !== 'api' && root !== 'apis') || (root === 'api' && second)) return undefined;
  const served = resources.filter((it) => it.group === group && it.version === version);
  if (served.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(served[0]!),
    resources: served.flatMap(plainResources),
  };
}

const groupsOf = (resources: readonly Resource[]) => [...new Set(resources.map(({ group }) => group))];

const versionsOf = (group: string, resources: readonly Resource[]) => [
  ...new Set(resources.filter((it) => it.group === group).map(({ version }) => version)),
];

function plainGroup(group: string, resources: readonly Resource[]): Tree {
  const versions = versionsOf(group, resources).map((version) => ({
    groupVersion: `${group}/${version}`,
    version,
  }));
  return { kind: 'APIGroup', name: group, versions, preferredVersion: versions[0] };
}

function plainResources(resource: Resource): Tree[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
  const below = [...resource.subresources].map((name) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...(name === 'scale' ? SCALE : { kind }),
    verbs: verbsOf(name),
  }));
  return [main, ...below];
}

const verbsOf = (subresource: string) =>
  ({ log: ['get'], token: ['create'], binding: ['create'], finalize: ['update'] })[subresource] ?? [
    'get',
    'patch',
    'update',
  ];

function aggregate(resources: readonly Resource[]): Tree {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groupsOf(resources).map((group) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: versionsOf(group, resources).map((version) => ({
        version,
        freshness: 'Current',
        resources: resources.filter((it) => it.group === group && it.version === version).map(aggregated),
      })),
    })),
  };
}

function aggregated({ group, version, kind, plural, singular, namespaced, ...rest }: Resource): Tree {
  const { verbs, shortNames, categories, subresources } = rest;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    shortNames,
    categories,
    subresources: [...subresources].map((subresource) => ({
      subresource,
      responseKind: subresource === 'scale' ? SCALE : { group, version, kind },
      verbs: verbsOf(subresource),
    })),
  };
}
