/**
 * A cluster for tests, in parts that speak only the Kubernetes API to each other:
 *
 * - `api/`: the API itself on loopback, over TLS – discovery, OpenAPI v3, CRDs with schemas, CEL and pruning, watches,
 *   server-side apply, RBAC and garbage collection – as real `kubectl` and `@kubernetes/client-node` use it. Faults are
 *   injected through `api.faults`; `api.access.unused(role)` tells which permissions of a role nobody used.
 *   Bodies in protobuf, which kubectl's typed commands send (`create secret`, `create token`), are answered with 415;
 * - `kubelet/`: Deployments, and pods as child processes. What stands for an image is a command. Child processes share
 *   the machine: declared ports are replaced by free ones, in `PORT` too, mounted paths in values by folders, and the
 *   token of the service account comes as `KUBECONFIG`;
 * - `knative/`: SinkBinding, ContainerSource, Broker with an ingress, Trigger with every filter but CESQL, Service with
 *   a router. Addresses are on loopback.
 *
 * `startCluster` starts all of it; of another cluster, only what it does not have.
 */
export { startCluster } from './cluster.ts';
export { startTestApi } from './start.ts';
