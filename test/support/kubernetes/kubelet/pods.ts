import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { same } from '../api/types.ts';
import { type Client, RefusedError } from '../client/client.ts';
import { RESOURCES } from '../client/resources.ts';
import { type RunningContainer, runContainer } from './container.ts';
import { environmentOf, NotStartable } from './environment.ts';
import { findImage, type Images } from './images.ts';
import { type Container, PORTS_ANNOTATION, type Pod } from './pod.ts';
import { assignPorts, portEnvironment } from './ports.ts';
import { relocate, writeVolumes } from './volumes.ts';

export interface RunningPod {
  readonly containers: ReadonlyMap<string, RunningContainer>;
  /** Secrets or ConfigMaps have changed. */
  refresh(): Promise<void>;
  /** Ends the programs within the grace period, and deletes the pod from the API. */
  end(graceMs: number): Promise<void>;
  /** Ends the programs at once without an update of the API, like a node that is switched off. */
  kill(): Promise<void>;
}

export interface PodHost {
  readonly client: Client;
  readonly images: Images;
  /** A kubeconfig of the service account, for programs in the pod. */
  kubeconfigFor(namespace: string, serviceAccount: string): Promise<string>;
  onError(error: unknown): void;
}

/** Delay between attempts while the API cannot be reached. */
const RETRY_MS = 200;

/** Starts the containers of a pod and updates its status. */
export async function startPod(host: PodHost, pod: Pod): Promise<RunningPod> {
  const { client } = host;
  const { name, namespace = '' } = pod.metadata;
  const folder = await mkdtemp(join(tmpdir(), 'kubelet-'));
  const ports = await assignPorts(pod.spec.containers);
  await client.patch(RESOURCES.pods, namespace, name, 'merge', {
    metadata: { annotations: { [PORTS_ANNOTATION]: JSON.stringify(ports) } },
  });

  const containers = new Map<string, RunningContainer>();
  let reported: unknown;
  let changed = false;
  let reporting = false;
  let ended = false;
  /** One update at a time, so that the last one wins. */
  const report = async () => {
    changed = true;
    if (reporting || containers.size < pod.spec.containers.length) return;
    reporting = true;
    while (changed && !ended) {
      changed = false;
      const status = statusOf(pod, containers);
      if (same(status, reported)) continue;
      try {
        await client.patch(RESOURCES.pods, namespace, name, 'merge', { status }, 'status');
        reported = status;
      } catch (error) {
        if (!ended) host.onError(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        changed = !(error instanceof RefusedError && error.status === 404);
      }
    }
    reporting = false;
  };
  for (const container of pod.spec.containers) {
    const prepare = () => launchOf(host, pod, container, ports, folder);
    containers.set(
      container.name,
      runContainer(container, ports, prepare, () => void report()),
    );
  }
  void report();

  const stopAll = async (graceMs: number) => {
    await Promise.all([...containers.values()].map((container) => container.stop(graceMs)));
    ended = true;
    await rm(folder, { recursive: true, force: true });
  };
  return {
    containers,
    refresh: () => writeVolumes(client, pod, folder),
    kill: () => stopAll(0),
    async end(graceMs) {
      await stopAll(graceMs);
      await client.remove(RESOURCES.pods, namespace, name, { gracePeriodSeconds: 0 });
    },
  };
}

async function launchOf(
  host: PodHost,
  pod: Pod,
  container: Container,
  ports: Record<number, number>,
  folder: string,
) {
  const { client, images } = host;
  const image = findImage(images, container.image);
  if (!image) throw new NotStartable('ErrImagePull', `nothing stands for the image ${container.image}`);
  await writeVolumes(client, pod, folder);
  const move = relocate(container, folder);
  const declared = await environmentOf(client, pod, container);
  const moved = Object.fromEntries(Object.entries(declared).map(([key, value]) => [key, move(value)]));
  // The program that replaces an image keeps its path, even below a path that is a volume of the pod.
  const command = container.command?.map(move) ?? image.command;
  return {
    argv: [...command, ...(container.args ?? []).map(move)],
    env: {
      PATH: process.env.PATH ?? '',
      HOSTNAME: pod.metadata.name,
      ...(await accountEnvironment(host, pod, folder)),
      ...image.env,
      ...portEnvironment(moved, container, ports),
    },
    cwd: process.cwd(),
  };
}

/** Replaces the mounted token of a service account, which clients search at a fixed path. */
async function accountEnvironment(
  host: PodHost,
  { metadata, spec }: Pod,
  folder: string,
): Promise<Record<string, string>> {
  if (spec.automountServiceAccountToken === false) return {};
  const file = join(folder, 'kubeconfig');
  await writeFile(file, await host.kubeconfigFor(metadata.namespace!, spec.serviceAccountName ?? 'default'));
  return { KUBECONFIG: file };
}

function statusOf({ spec, metadata }: Pod, containers: ReadonlyMap<string, RunningContainer>): object {
  const statuses = spec.containers.map(({ name, image }) => {
    const { ready, restartCount, state } = containers.get(name)!.state();
    return { name, image, imageID: image, ready, started: 'running' in state, restartCount, state };
  });
  const allReady = statuses.every(({ ready }) => ready);
  const condition = (type: string, holds: boolean) => ({ type, status: holds ? 'True' : 'False' });
  return {
    phase: statuses.some(({ state, restartCount }) => 'running' in state || restartCount > 0)
      ? 'Running'
      : 'Pending',
    podIP: '127.0.0.1',
    hostIP: '127.0.0.1',
    startTime: metadata.creationTimestamp,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', allReady),
      condition('Ready', allReady),
    ],
    containerStatuses: statuses,
  };
}
