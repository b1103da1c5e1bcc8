import { type ChildProcess, spawn } from 'node:child_process';
import type { Container } from './pod.ts';
import { startProbe } from './probes.ts';

export interface Launch {
  readonly argv: readonly string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
}

/** State of a container for its status. */
export interface ContainerState {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: object;
}

export interface RunningContainer {
  state(): ContainerState;
  log(): string;
  /** Passes all past and future output to the callback until the container is stopped. */
  follow(listener: (text: string) => void): () => void;
  /** Sends SIGTERM, and SIGKILL after the grace period. */
  stop(graceMs: number): Promise<void>;
}

const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 5000;

/** Keeps one program running, like `restartPolicy: Always`, and probes it. */
export function runContainer(
  container: Container,
  ports: Record<number, number>,
  prepare: () => Promise<Launch>,
  onChange: () => void,
): RunningContainer {
  let child: ChildProcess | undefined;
  let restartCount = 0;
  let ready = false;
  let state: object = { waiting: { reason: 'ContainerCreating' } };
  let text = '';
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let stopProbes = () => {};
  let onExit = () => {};
  const listeners = new Set<(text: string) => void>();

  const become = (next: object, nowReady = false) => {
    state = next;
    ready = nowReady;
    onChange();
  };

  async function start(): Promise<void> {
    let launch: Launch;
    try {
      launch = await prepare();
    } catch (error) {
      const { reason = 'CreateContainerError', message } = error as Error & { reason?: string };
      if (stopped) return;
      become({ waiting: { reason, message } });
      // The missing object may be created at any time.
      timer = setTimeout(() => void start(), FIRST_RESTART_MS);
      return;
    }
    if (stopped) return;
    const [program = '', ...args] = launch.argv;
    child = spawn(program, args, { env: launch.env, cwd: launch.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (chunk: string) => {
      text += chunk;
      for (const listener of listeners) listener(chunk);
    };
    child.stdout!.setEncoding('utf8').on('data', hear);
    child.stderr!.setEncoding('utf8').on('data', hear);
    child.once('error', (error) => hear(`${error.message}\n`));
    child.once('close', ended);
    startProbes();
  }

  function startProbes(): void {
    const { readinessProbe, livenessProbe, startupProbe } = container;
    const startedAt = new Date().toISOString();
    const running = { running: { startedAt } };
    become(running, !readinessProbe && !startupProbe);
    const stops: (() => void)[] = [];
    const afterStartup = () => {
      if (readinessProbe) {
        stops.push(startProbe(readinessProbe, container, ports, (healthy) => become(running, healthy)));
      } else become(running, true);
      if (livenessProbe) {
        const restart = (healthy: boolean) => void (healthy || child?.kill('SIGKILL'));
        stops.push(startProbe(livenessProbe, container, ports, restart));
      }
    };
    if (startupProbe) {
      const stop = startProbe(startupProbe, container, ports, () => {
        stop();
        afterStartup();
      });
      stops.push(stop);
    } else afterStartup();
    stopProbes = () => {
      for (const stop of stops) stop();
    };
  }

  function ended(exitCode: number | null, signal: NodeJS.Signals | null): void {
    stopProbes();
    child = undefined;
    onExit();
    const terminated = {
      exitCode: exitCode ?? 137,
      ...(signal && { message: signal }),
      reason: exitCode === 0 ? 'Completed' : 'Error',
    };
    if (stopped) {
      become({ terminated });
      return;
    }
    become({ waiting: { reason: 'CrashLoopBackOff', message: `exit code ${exitCode ?? signal}` } });
    timer = setTimeout(() => void start(), Math.min(FIRST_RESTART_MS * 2 ** restartCount, MAX_RESTART_MS));
    restartCount++;
  }

  void start();
  return {
    state: () => ({ ready, restartCount, state }),
    log: () => text,
    follow(listener) {
      listener(text);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async stop(graceMs) {
      stopped = true;
      clearTimeout(timer);
      stopProbes();
      if (!child) return;
      const gone = new Promise<void>((resolve) => {
        onExit = resolve;
      });
      const running = child;
      running.kill('SIGTERM');
      const killer = setTimeout(() => running.kill('SIGKILL'), graceMs);
      await gone;
      clearTimeout(killer);
    },
  };
}
