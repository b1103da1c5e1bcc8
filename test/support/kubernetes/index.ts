/**
 * A cluster for tests. Its components communicate only through the Kubernetes API:
 *
 * - `api/`: the API itself on loopback, over TLS – discovery, OpenAPI v3, CRDs with schemas, CEL and pruning, watches,
 *   server-side apply, RBAC and garbage collection – for real `kubectl` and `@kubernetes/client-node`. Faults are
 *   injected through `api.faults`; `api.access.unused(role)` returns the unused permissions of a role.
 *   Bodies in protobuf, which kubectl's typed commands send (`create secret`, `create token`), are answered with 415;
 * - `kubelet/`: Deployments, and pods as child processes. A command replaces an image. Child processes share
 *   the machine: declared ports are replaced by free ones, in `PORT` too, mounted paths in values by folders, and the
 *   token of the service account comes as `KUBECONFIG`;
 * - `knative/`: SinkBinding, ContainerSource, Broker with an ingress, Trigger with every filter but CESQL, Service with
 *   a router. Addresses are on loopback.
 *
 * `startCluster` starts all of it; for an external cluster, only what it lacks.
 */
export { startCluster } from './cluster.ts';
export { startTestApi } from './start.ts';
