import { connect } from 'node:net';
import type { Container, Probe } from './pod.ts';
import { resolvePort } from './ports.ts';

/** Milliseconds between probes before the first success, so that tests do not wait for the period of the probe. */
const EAGER_MS = 50;

/** Probes until it is stopped. Calls `onResult` for every change, after the number of failures that the probe allows. */
export function startProbe(
  probe: Probe,
  container: Container,
  ports: Record<number, number>,
  onResult: (healthy: boolean) => void,
): () => void {
  const { periodSeconds = 10, failureThreshold = 3 } = probe;
  let failures = 0;
  let healthy: boolean | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function check(): Promise<void> {
    const good = await probeOnce(probe, container, ports);
    if (stopped) return;
    failures = good ? 0 : failures + 1;
    if (good && healthy !== true) {
      healthy = true;
      onResult(true);
    } else if (!good && healthy === true && failures >= failureThreshold) {
      healthy = false;
      onResult(false);
    }
    // A container that is no longer healthy is probed often, too.
    const isSettled = healthy === true && failures === 0;
    timer = setTimeout(() => void check(), isSettled ? periodSeconds * 1000 : EAGER_MS);
  }

  void check();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function probeOnce(
  { httpGet, tcpSocket, timeoutSeconds = 1 }: Probe,
  container: Container,
  ports: Record<number, number>,
) {
  const port = resolvePort(httpGet?.port ?? tcpSocket?.port ?? '', container, ports);
  if (port === undefined) return false;
  if (httpGet) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${httpGet.path ?? '/'}`, {
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
      });
      await response.arrayBuffer();
      return response.status < 400;
    } catch {
      return false;
    }
  }
  return new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
