import { createServer } from 'node:net';
import { listenOnLoopback } from '../../loopback.ts';
import type { Container } from './pod.ts';

/**
 * Child processes share the machine's ports, so a free port replaces each declared one. `PORT` in the
 * environment, which tells programs their port, changes with it.
 */
export async function assignPorts(containers: readonly Container[]): Promise<Record<number, number>> {
  const ports: Record<number, number> = {};
  for (const { ports: declared = [] } of containers) {
    for (const { containerPort } of declared) ports[containerPort] = await freePort();
  }
  return ports;
}

async function freePort(): Promise<number> {
  const { port, close } = await listenOnLoopback(createServer());
  await close();
  return port;
}

export function portEnvironment(
  env: Record<string, string>,
  container: Container,
  ports: Record<number, number>,
) {
  const declared = container.ports?.[0]?.containerPort;
  const wanted = Number(env.PORT ?? declared);
  return ports[wanted] === undefined ? env : { ...env, PORT: String(ports[wanted]) };
}

/** The port on this machine for the number or name of a declared port. */
export function resolvePort(
  port: number | string,
  { ports: declared = [] }: Container,
  ports: Record<number, number>,
) {
  const number = typeof port === 'number' ? port : declared.find(({ name }) => name === port)?.containerPort;
  return number === undefined ? undefined : (ports[number] ?? number);
}
