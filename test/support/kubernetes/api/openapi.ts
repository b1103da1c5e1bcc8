import { schemaOfModel } from './built-in/schemas.ts';
import { groupVersion, type Resource } from './resource.ts';
import type { Schema } from './schema/schema.ts';
import { isTree, type Tree } from './types.ts';

const rootOf = (resource: Resource) => (resource.group ? `apis/${groupVersion(resource)}` : 'api/v1');

/** `/openapi/v3`: the path of each version's document. The hash changes when a CRD does. */
export function openApiIndex(resources: readonly Resource[], revision: string): Tree {
  const roots = [...new Set(resources.map(rootOf))];
  const paths = roots.map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}?hash=${revision}` }]);
  return { paths: Object.fromEntries(paths) };
}

/** Schemas of one version, and the declaration that the server validates patches. */
export function openApiDocument(root: string, resources: readonly Resource[]): Tree | undefined {
  const served = resources.filter((resource) => rootOf(resource) === root);
  if (served.length === 0) return undefined;
  const components: Record<string, Tree> = {};
  const paths: Tree = {};
  for (const resource of served) {
    const { group, version, kind, plural, namespaced, custom } = resource;
    const gvk = { group, version, kind };
    const name = custom ? `${group}.${version}.${kind}` : resource.schema.ref!;
    components[name] = { ...flatten(resource.schema, components), 'x-kubernetes-group-version-kind': [gvk] };
    const scope = namespaced ? '/namespaces/{namespace}' : '';
    const content = { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
    const item = (verb: string, extra: Tree = {}) => ({
      ...extra,
      'x-kubernetes-action': verb,
      'x-kubernetes-group-version-kind': gvk,
      responses: { 200: { description: 'OK', content } },
    });
    const writing = { parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map(queryParameter) };
    paths[`/${root}${scope}/${plural}`] = { get: item('list'), post: item('post', writing) };
    paths[`/${root}${scope}/${plural}/{name}`] = {
      get: item('get'),
      put: item('put', writing),
      patch: item('patch', { ...writing, requestBody: { content: patchTypes(custom) } }),
      delete: item('delete'),
    };
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: VERSION.gitVersion },
    paths,
    components: { schemas: components },
  };
}

const queryParameter = (name: string): Tree => ({ name, in: 'query', schema: { type: 'string' } });

function patchTypes(custom: boolean): Tree {
  const types = [
    'json-patch+json',
    'merge-patch+json',
    'apply-patch+yaml',
    ...(custom ? [] : ['strategic-merge-patch+json']),
  ];
  return Object.fromEntries(types.map((type) => [`application/${type}`, { schema: { type: 'object' } }]));
}

/** Shared types become components, so that types may contain themselves. */
function flatten(schema: Schema, components: Record<string, Tree>): Tree {
  const { ref: _, ...own } = schema;
  const map = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(map);
    if (!isTree(value)) return value;
    if (typeof value.ref === 'string') {
      const name = value.ref;
      if (!components[name]) {
        components[name] = {};
        components[name] = flatten(schemaOfModel(name), components);
      }
      // In OpenAPI 3.0 a reference has no siblings, so `allOf` adds defaults and keys.
      const { ref, type, properties, required, ...beside } = value;
      const $ref = { $ref: `#/components/schemas/${name}` };
      return Object.keys(beside).length > 0 ? { ...beside, allOf: [$ref] } : $ref;
    }
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, map(part)]));
  };
  return map(own) as Tree;
}

/** `/version` */
export const VERSION = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
} as const;
