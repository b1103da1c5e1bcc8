import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { contextOf, type Deployment } from './context.ts';
import { type CallResult, type End, errorOf, type FunctionError, type Instance, noteOf } from './instance.ts';
import type { InstanceConfig } from './instance-config.ts';
import { watchMemory } from './memory.ts';
import { collectOutput } from './output.ts';

/** Beside this file in a checkout, and beside its chunk in a bundle. */
const RUNTIME = fileURLToPath(new URL('./fc-runtime.cjs', import.meta.url));

/** Milliseconds that a process gets to end by itself. */
const STOP_MS = 2000;

interface Answer {
  readonly ready?: true;
  readonly result?: string;
  readonly error?: FunctionError;
  readonly thrown?: true;
  readonly maxMemoryKb: number;
}

export interface StartOptions extends Deployment {
  readonly id: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** Starts the managed runtime of Node with only the environment of the function, and waits until it accepts calls. */
export async function startManagedInstance(config: InstanceConfig, options: StartOptions): Promise<Instance> {
  const { id, environment, clock } = options;
  const child = fork(RUNTIME, [config.codeDir], {
    cwd: config.codeDir,
    env: { ...environment },
    execArgv: [],
    execPath: config.node ?? process.execPath,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = endOf(child);
  let alive = true;
  void ended.then(() => {
    alive = false;
  });
  const output = collectOutput([child.stdout, child.stderr]);
  await Promise.race([once(child, 'message'), ended]);
  const kill = () => void child.kill('SIGKILL');

  return {
    id,
    isAlive: () => alive,
    kill,
    async call(hook, context, { phase, event, timeoutSeconds }) {
      const startedAt = clock.monotonic();
      const endOfCall = `FC ${phase} End RequestId: ${context.requestId}`;
      let forced: End | undefined;
      const end = (reason: End) => {
        forced ??= reason;
        kill();
      };
      const memory = watchMemory(child.pid, config.memoryMb, () => end('memory'));
      const cancel = clock.after(timeoutSeconds * 1000, () => end('timeout'));
      const answered = new Promise<Answer>((resolve) => child.once('message', resolve as () => void));
      if (alive) {
        const whole = contextOf(config, options, context);
        child.send({ phase, hook, context: whole, event: event && Buffer.from(event).toString('base64') });
      }
      const first = await Promise.race([ended, answered]);
      cancel();
      memory.stop();
      const measured = { durationMs: clock.monotonic() - startedAt, timeoutSeconds };
      if (typeof first === 'string' || forced) {
        const reason = forced ?? { exited: String(first) };
        await ended;
        const failed = errorOf(reason, { ...measured, maxMemoryMb: memory.max() });
        return { ...failed, log: output.take() + noteOf(reason, config.memoryMb) };
      }
      await Promise.race([output.has(endOfCall), ended]);
      const maxMemoryMb = first.maxMemoryKb / 1024;
      if (maxMemoryMb > config.memoryMb) {
        kill();
        await ended;
        const failed = errorOf('memory', { ...measured, maxMemoryMb });
        return { ...failed, log: output.take() + noteOf('memory', config.memoryMb) };
      }
      return { ...resultOf(first), maxMemoryMb, log: output.take() };
    },
    async stop() {
      if (child.connected) child.disconnect();
      // Work that a handler left running must not keep the process alive.
      const cancel = clock.after(STOP_MS, kill);
      await ended;
      cancel();
    },
  };
}

/** Resolves to the exit code or signal when all output has been read. Node emits no `close` after `disconnect()`. */
async function endOf(child: ChildProcess): Promise<string> {
  const how = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const read = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  await Promise.all([how, ...read]);
  return how;
}

function resultOf({ result, error, thrown }: Answer): DistributiveOmit<CallResult, 'maxMemoryMb' | 'log'> {
  // guess: an error of the handler is a handled one; no document of 3.0 says which.
  if (error) return { error, handled: true, thrown };
  return { result: Buffer.from(result ?? '', 'base64') };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
