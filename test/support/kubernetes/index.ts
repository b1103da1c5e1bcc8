/**
 * A cluster for tests, in parts that speak only the Kubernetes API to each other.
 *
 * `api/` is the API itself on loopback, over TLS: discovery, OpenAPI v3, CRDs with schemas, CEL and pruning, watches,
 * server-side apply, RBAC and garbage collection, as real `kubectl` and `@kubernetes/client-node` use them. Faults are
 * injected through `api.faults`; `api.access.unused(role)` tells which permissions of a role nobody used.
 */
export { startTestApi } from './start.ts';
