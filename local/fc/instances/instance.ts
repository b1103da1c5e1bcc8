import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { InvocationContext } from '../../../shared/runtime/invocation-context.ts';
import type { FunctionConfig } from '../function.ts';

/** One process of a function. It serves one call at a time, until it ends. */
export interface Instance {
  /** Calls a hook, or with an event the handler. Reports errors of the function instead of throwing them. */
  call(hook: string, context: InvocationContext, options: CallOptions): Promise<CallResult>;
  isAlive(): boolean;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly phase: 'Initialize' | 'Invoke' | 'PreStop';
  readonly event?: Uint8Array;
  readonly timeoutSeconds: number;
}

export type CallResult = { readonly maxMemoryMb: number; readonly log: string } & (
  | { readonly result: Buffer }
  | { readonly error: FunctionError; readonly handled: boolean }
);

/** doc: the body of a failed invocation. */
export interface FunctionError {
  readonly errorMessage: string;
  readonly errorType: string;
  readonly stackTrace?: readonly string[];
}

/** Beside this file in a checkout, and beside its chunk in a bundle. */
const RUNTIME = fileURLToPath(new URL('./fc-runtime.cjs', import.meta.url));

interface Answer {
  readonly ready?: true;
  readonly result?: string;
  readonly error?: FunctionError;
  readonly maxMemoryKb: number;
}

/** Starts a process with only the environment of the function, and waits until it accepts calls. */
export async function startInstance(
  config: FunctionConfig,
  environment: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<Instance> {
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
  const output = collect(child);
  await Promise.race([once(child, 'message'), ended]);

  return {
    isAlive: () => alive,
    async call(hook, context, { phase, event, timeoutSeconds }) {
      const endOfCall = `FC ${phase} End RequestId: ${context.requestId}`;
      const answered =
        alive && new Promise<Answer>((resolve) => child.once('message', resolve as () => void));
      if (alive) child.send({ phase, hook, context, event: event && Buffer.from(event).toString('base64') });
      let cancel = () => {};
      const late = new Promise<'late'>((resolve) => {
        cancel = clock.after(timeoutSeconds * 1000, () => resolve('late'));
      });
      const first = await Promise.race([ended, late, ...(answered ? [answered] : [])]);
      cancel();
      if (first === 'late') {
        child.kill('SIGKILL');
        await ended;
        return { ...timedOut(timeoutSeconds), log: output.take() };
      }
      if (typeof first === 'string') return { ...exited(first), log: output.take() };
      await Promise.race([output.has(endOfCall), ended]);
      return { ...toResult(first, config.memoryMb), log: output.take() };
    },
    async stop() {
      if (child.connected) child.disconnect();
      // Work that a handler left running must not keep the process alive.
      const cancel = clock.after(2000, () => void child.kill('SIGKILL'));
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

interface Output {
  /** Resolves when the output contains the text. */
  has(text: string): Promise<void>;
  /** The output since the last call. */
  take(): string;
}

function collect({ stdout, stderr }: ChildProcess): Output {
  let held = '';
  let check = () => {};
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      held += chunk;
      check();
    });
  }
  return {
    has: (text) =>
      new Promise((resolve) => {
        check = () => held.includes(text) && resolve();
        check();
      }),
    take() {
      const taken = held;
      held = '';
      return taken;
    },
  };
}

function toResult({ result, error, maxMemoryKb }: Answer, memoryMb: number) {
  const maxMemoryMb = maxMemoryKb / 1024;
  if (maxMemoryMb > memoryMb) {
    // guess: the message. The service kills the process at once; here the call reports it afterwards.
    const errorMessage = `Function instance needed ${Math.ceil(maxMemoryMb)} MB and has ${memoryMb} MB`;
    return { error: { errorMessage, errorType: 'FunctionOutOfMemory' }, handled: false, maxMemoryMb };
  }
  // guess: an error that the handler throws is a handled one; no document says which.
  if (error) return { error, handled: true, maxMemoryMb };
  return { result: Buffer.from(result ?? '', 'base64'), maxMemoryMb };
}

/** guess: type and message. */
function timedOut(seconds: number) {
  const errorMessage = `Function timed out after ${seconds} seconds`;
  return { error: { errorMessage, errorType: 'FunctionTimeout' }, handled: false, maxMemoryMb: 0 };
}

/** guess: type and message. */
function exited(how: string) {
  const errorMessage = `Function process exited unexpectedly before completing the request: ${how}`;
  return { error: { errorMessage, errorType: 'FunctionExited' }, handled: false, maxMemoryMb: 0 };
}
