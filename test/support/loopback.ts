import type { AddressInfo, Server } from 'node:net';

export interface Loopback {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Ends the open connections of HTTP, too. */
  close(): Promise<void>;
}

/** Lets the server listen on a free port of loopback. */
export async function listenOnLoopback(server: Server & { closeAllConnections?(): void }): Promise<Loopback> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections?.();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
