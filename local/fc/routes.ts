/** What a request to the invocation API asks for. */
export type FcRoute = {
  readonly api: '2.0' | '3.0';
  readonly functionName: string;
  readonly service?: string;
  readonly qualifier?: string;
} & (
  | { readonly kind: 'invoke' }
  /** An HTTP trigger: any method, with a path of its own, query included. */
  | { readonly kind: 'http'; readonly path: string }
);

/** doc: the paths of InvokeFunction in 2.0, and of HTTP triggers there. */
const INVOKE_2 = /^\/2016-08-15\/services\/([^/.]+)(?:\.([^/]+))?\/functions\/([^/]+)\/invocations$/;
const PROXY_2 = /^\/2016-08-15\/proxy\/([^/.]+)(?:\.([^/]+))?\/([^/]+)(\/.*)?$/;
/** doc: the path of InvokeFunction in 3.0. */
const INVOKE_3 = /^\/2023-03-30\/functions\/([^/]+)\/invocations$/;

export function findRoute(method: string, target: string): FcRoute | undefined {
  const { pathname, search, searchParams } = new URL(target, 'http://fc');
  const withQualifier = (qualifier: string | null | undefined) => (qualifier ? { qualifier } : {});

  const proxy = PROXY_2.exec(pathname);
  if (proxy) {
    const [, service, qualifier, functionName, path = '/'] = proxy;
    const names = { service: service!, functionName: functionName!, ...withQualifier(qualifier) };
    return { kind: 'http', api: '2.0', ...names, path: `${path}${search}` };
  }
  if (method !== 'POST') return undefined;
  const older = INVOKE_2.exec(pathname);
  if (older) {
    const [, service, qualifier, functionName] = older;
    const names = { service: service!, functionName: functionName!, ...withQualifier(qualifier) };
    return { kind: 'invoke', api: '2.0', ...names };
  }
  const newer = INVOKE_3.exec(pathname);
  if (!newer) return undefined;
  return {
    kind: 'invoke',
    api: '3.0',
    functionName: newer[1]!,
    ...withQualifier(searchParams.get('qualifier')),
  };
}
