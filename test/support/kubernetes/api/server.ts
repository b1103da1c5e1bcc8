import { randomBytes, randomUUID } from 'node:crypto';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { LOOPBACK_TLS } from '../../loopback-tls.ts';
import { createTokens } from './access/authenticate.ts';
import { type Access, createAccess } from './access/authorize.ts';
import { startCollector } from './collector.ts';
import { type Context, timestamp } from './context.ts';
import { createFaultGate, type FaultGate } from './faults.ts';
import { createListener } from './listener.ts';
import { createRegistry } from './registry.ts';
import { createStore } from './store.ts';
import { createWatches } from './watch.ts';

export interface ApiServerOptions {
  /** Milliseconds since the epoch. Default: the machine's clock. */
  readonly now?: () => number;
  /** Whether to collect garbage, which other programs do in a real cluster. @default true */
  readonly collects?: boolean;
}

export interface ApiServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** The certificate that signed the server's, as PEM. */
  readonly ca: string;
  readonly adminToken: string;
  readonly access: Access;
  readonly faults: ServerFaults;
  close(): Promise<void>;
}

export interface ServerFaults extends Pick<FaultGate, 'inject' | 'clear' | 'hits'> {
  /** Stops listening and cuts all connections. Keeps the state. */
  goDown(): Promise<void>;
  /** Listens again, on the same port. */
  comeUp(): Promise<void>;
  cutWatches(): void;
  /** Ends all open watches with 410: their version has expired. */
  expireWatches(): void;
  /** Deletes the history: a watch from an older version gets 410. */
  compact(): void;
  bookmark(): void;
  openWatches(): number;
}

/** A Kubernetes API on loopback. It uses TLS, because clients send tokens only over TLS. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const { now = Date.now, collects = true } = options;
  const store = createStore();
  const registry = createRegistry(store);
  const adminToken = randomBytes(16).toString('hex');
  const newToken = () => randomBytes(32).toString('base64url');
  const tokens = createTokens(store, adminToken, { now, newToken });
  const access = createAccess(store);
  const gate = createFaultGate((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  const context: Context = { store, registry, tokens, access, faults: gate, now, newUid: randomUUID, fetch };
  const watches = createWatches();
  const stopCollecting = collects ? startCollector(context) : () => {};
  startNamespaces(context);

  const server = https.createServer(
    { ...LOOPBACK_TLS, keepAliveTimeout: 75_000 },
    createListener(context, watches),
  );
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    url: `https://127.0.0.1:${port}`,
    ca: LOOPBACK_TLS.cert,
    adminToken,
    access,
    faults: {
      inject: gate.inject,
      clear: gate.clear,
      hits: gate.hits,
      goDown: stop,
      comeUp: () => listen(port),
      cutWatches: watches.cut,
      expireWatches: watches.expire,
      compact: store.compact,
      bookmark: watches.bookmark,
      openWatches: () => watches.open.size,
    },
    async close() {
      stopCollecting();
      await stop();
    },
  };
}

/** The namespaces that every cluster has, and the service account that every namespace has. */
function startNamespaces({ store, now, newUid }: Context): void {
  const metadata = (name: string) => ({
    name,
    uid: newUid(),
    resourceVersion: '',
    creationTimestamp: timestamp(now()),
  });
  store.onChange(({ type, storage, object }) => {
    if (storage !== '/namespaces' || type !== 'ADDED') return;
    const namespace = object.metadata.name;
    store.put('/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...metadata('default'), namespace },
    });
  });
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    store.put('/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { ...metadata(name), labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  }
}
