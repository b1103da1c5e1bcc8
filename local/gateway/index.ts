import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '../../shared/runtime/clock.ts';
import { writeJson } from '../http/json.ts';
import { listen } from '../http/server.ts';
import { createConnectProxy } from './connect-proxy.ts';
import { type ServiceName, serviceOf } from './route.ts';

/** The services behind the gateway; one that is not open yet opens with its first request. */
export type GatewayServices = Readonly<Record<ServiceName, () => RequestListener | Promise<RequestListener>>>;

export interface GatewayOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Port for TLS; 0 takes any free port. @default no TLS */
  readonly tlsPort?: number;
  readonly dataDir: string | undefined;
  readonly clock: Clock;
  readonly services: GatewayServices;
}

/** One address for the whole cloud, and a proxy to it. */
export interface Gateway {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly tls?: {
    /** `https://127.0.0.1:<port>` */
    readonly url: string;
    /** The file with the certificate that clients have to trust, PEM. */
    readonly authorityFile: string;
  };
  stopListening(): void;
  close(): Promise<void>;
}

export async function openGateway({
  port,
  tlsPort,
  dataDir,
  clock,
  services,
}: GatewayOptions): Promise<Gateway> {
  const listener: RequestListener = (request, response) => {
    const name = serviceOf(request);
    if (!name) {
      const host = request.headers.host ?? '';
      writeJson(response, 501, {
        Code: 'NotImplemented',
        Message: `the local cloud has no service ${host}`,
        HostId: host,
      });
      return;
    }
    Promise.resolve(services[name]()).then(
      (service) => service(request, response),
      () => response.writeHead(503).end(),
    );
  };
  // As OSS wants it: ali-oss sends both a length and chunks, and an upload may take any time.
  const options = { insecureHTTPParser: true, requestTimeout: 0 };
  const server = await listen(listener, { port, ...options });
  const secure = tlsPort === undefined ? undefined : await openTls(listener, tlsPort, { dataDir, clock });
  server.onConnect(
    createConnectProxy(() => ({ httpPort: portOf(server.url), httpsPort: secure && portOf(secure.url) })),
  );
  return {
    url: server.url,
    tls: secure && { url: secure.url, authorityFile: secure.authorityFile },
    stopListening() {
      server.stopListening();
      secure?.server.close();
    },
    async close() {
      await server.close();
      if (!secure) return;
      secure.server.close();
      secure.server.closeAllConnections();
      await secure.cleanUp();
    },
  };
}

async function openTls(
  listener: RequestListener,
  port: number,
  { dataDir, clock }: Pick<GatewayOptions, 'dataDir' | 'clock'>,
): Promise<{ server: Server; url: string; authorityFile: string; cleanUp(): Promise<void> }> {
  const { openCertificates } = await import('./certificates.ts');
  const { authority, pemFor, contextFor } = await openCertificates({ dataDir, clock });
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'local-cloud-')));
  const authorityFile = resolve(folder, 'authority.pem');
  await writeFile(authorityFile, `${authority}\n`);
  const server = createTlsServer(
    {
      // A client that names no host, because it knows only the address.
      ...(await pemFor('127.0.0.1')),
      insecureHTTPParser: true,
      requestTimeout: 0,
      keepAliveTimeout: 75_000,
      SNICallback: (host, done) => void contextFor(host).then((context) => done(null, context), done),
    },
    listener,
  );
  await new Promise<void>((listening, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', listening);
  });
  return {
    server,
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorityFile,
    async cleanUp() {
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
