import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** Where hosts of Alibaba Cloud are, by the port that a client asks for. */
export interface ProxyTargets {
  readonly httpPort: number;
  /** @default no TLS */
  readonly httpsPort: number | undefined;
}

/**
 * Answers `CONNECT`, as a proxy does: a tunnel to a host of Alibaba Cloud ends in the local cloud, any other where it should.
 * Only this machine can ask.
 */
export function createConnectProxy(targets: () => ProxyTargets) {
  return (request: IncomingMessage, client: Duplex, head: Buffer): void => {
    const { hostname, port } = new URL(`http://${request.url}`);
    const { httpPort, httpsPort } = targets();
    const isCloud = hostname.endsWith('.aliyuncs.com');
    const asked = Number(port || 443);
    const local = asked === 443 ? httpsPort : httpPort;
    if (isCloud && local === undefined) {
      client.end(
        'HTTP/1.1 501 Not Implemented\r\nconnection: close\r\n\r\nstart the local cloud with --tls\n',
      );
      return;
    }
    const server = isCloud ? connect(local!, '127.0.0.1') : connect(asked, hostname);
    server.once('connect', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) server.write(head);
      server.pipe(client).pipe(server);
    });
    server.once('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n'));
    client.once('error', () => server.destroy());
    server.once('error', () => server.destroy());
  };
}
