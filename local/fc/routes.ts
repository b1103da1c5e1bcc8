import { httpTrigger } from './operations/http-trigger.ts';
import { invokeFunction } from './operations/invoke-function.ts';
import type { Operation } from './operations/operation.ts';

export interface Route {
  readonly operation: 'InvokeFunction' | 'HttpTrigger';
  readonly api: '2.0' | '3.0';
  /** Any method if absent. */
  readonly method?: string;
  /** Its groups are `service`, `qualifier`, `name` and, for an HTTP trigger, the `path` in the function. */
  readonly path: RegExp;
  readonly handle: Operation;
}

/** doc: the paths of InvokeFunction in both versions, and of HTTP triggers in 2.0. */
export const ROUTES: readonly Route[] = [
  {
    operation: 'HttpTrigger',
    api: '2.0',
    path: /^\/2016-08-15\/proxy\/(?<service>[^/.]+)(?:\.(?<qualifier>[^/]+))?\/(?<name>[^/]+)(?<path>\/.*)?$/,
    handle: httpTrigger,
  },
  {
    operation: 'InvokeFunction',
    api: '2.0',
    method: 'POST',
    path: /^\/2016-08-15\/services\/(?<service>[^/.]+)(?:\.(?<qualifier>[^/]+))?\/functions\/(?<name>[^/]+)\/invocations$/,
    handle: invokeFunction,
  },
  {
    operation: 'InvokeFunction',
    api: '3.0',
    method: 'POST',
    path: /^\/2023-03-30\/functions\/(?<name>[^/]+)\/invocations$/,
    handle: invokeFunction,
  },
];

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** The first route that fits. */
export function findRoute(method: string, target: string): Match | undefined {
  const { pathname } = new URL(target, 'http://fc');
  for (const route of ROUTES) {
    if (route.method !== undefined && route.method !== method) continue;
    const match = route.path.exec(pathname);
    if (match) return { route, params: { ...match.groups } };
  }
  return undefined;
}
