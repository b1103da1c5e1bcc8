/** A parsed path below `/api` or `/apis`. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  /** The rest of the path after the subresource. */
  readonly rest?: string;
}

export function parsePath(path: string): ResourcePath | undefined {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const [root, ...below] = parts;
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'apis' ? below.shift() : '';
  const version = below.shift();
  if (group === undefined || version === undefined || below.length === 0) return undefined;
  // A namespace is a resource itself, and the start of the paths of its contents.
  const inNamespace = below[0] === 'namespaces' && below.length > 2 && !NAMESPACE_SUBRESOURCES.has(below[2]!);
  const namespace = inNamespace ? below.splice(0, 2)[1] : undefined;
  const [plural, name, subresource, ...rest] = below;
  return {
    group,
    version,
    plural: plural!,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(subresource && { subresource }),
    ...(rest.length > 0 && { rest: rest.join('/') }),
  };
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);
