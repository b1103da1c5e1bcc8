import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { LACK_OF_MEMORY } from '../../images/inspect/errors.ts';
import { onAbort } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { AppError } from '../../runtime/errors.ts';
import { readFrames, writeFrame } from './frames.ts';
import {
  type Answers,
  type Call,
  type CallName,
  type FromProcess,
  fromFailure,
  type ProcessOptions,
  type ToProcess,
} from './protocol.ts';
import type { ReadUsage } from './usage.ts';
import { type CallLimits, type Excess, watchUsage } from './watch.ts';

/**
 * Why a process cannot answer a call.
 * - `processor`, `memory`: the call exceeded that limit, and the process was ended.
 * - `silence`: the process neither worked nor answered, and was ended.
 * - `crash`: the process ended by itself during the call.
 * - `lost`: the process ended before the call began, because of another one.
 */
export class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded';
  readonly reason: Excess | 'crash' | 'lost';
  /** What is known about the end, for the log. */
  readonly details: { readonly exitCode?: number; readonly exitSignal?: string; readonly said?: string };

  constructor(reason: ProcessEnded['reason'], details: ProcessEnded['details'] = {}) {
    super(`the picture process ended: ${reason}`);
    this.reason = reason;
    this.details = details;
  }

  toAppError(): AppError {
    const { exitCode, exitSignal, said } = this.details;
    const how = this.reason === 'silence' ? 'did not answer' : `ended with ${exitSignal ?? exitCode}`;
    return new AppError('EngineCrashed', `a process that works on pictures ${how}`, {
      details: { exitCode, exitSignal },
      cause: said,
    });
  }
}

export interface CallResult<C extends CallName> {
  readonly answer: Answers[C];
  readonly files: readonly Uint8Array[];
  readonly processorMs: number;
}

/** A process that works on pictures, one call at a time. */
export interface PictureProcess {
  /** Throws `ProcessEnded`, `Aborted`, and what the process says. */
  call<C extends CallName>(
    call: Extract<Call, { call: C }>,
    given?: { files?: readonly Uint8Array[]; limits?: CallLimits; signal?: AbortSignal },
  ): Promise<CallResult<C>>;
  /** Lets a picture go. */
  forget(picture: number): void;
  readonly hasEnded: boolean;
  /** Resident memory after its last call. */
  readonly residentBytes: number;
  /** Ends it. A call that is under way throws `Aborted`. */
  close(): Promise<void>;
}

export interface PictureProcessDeps {
  /** The program, JavaScript or, in a checkout, TypeScript. */
  readonly entry: URL;
  readonly options: ProcessOptions;
  /** Added to the niceness of this process. @default 0 */
  readonly niceness?: number;
  /** The most memory that the process may ask its system for, where the system can refuse it. */
  readonly dataBytes: number;
  readonly clock: Clock;
  readonly readUsage: ReadUsage;
}

/** A call that can be stopped does so at once. One inside a decoder cannot, and its process is ended. */
const ABORT_MS = 500;
/** Kept of what a process writes to standard error. */
const SAID_LENGTH = 2000;
const CHANNEL_FD = 3;
/** Before its first picture, and while it loads. */
const STARTING: CallLimits = { processorMs: 60_000, memoryBytes: Number.MAX_SAFE_INTEGER };

export function startPictureProcess(deps: PictureProcessDeps): PictureProcess {
  const { clock, readUsage } = deps;
  const child = spawnProgram(deps);
  yieldPriority(child, deps.niceness);
  const channel = child.stdio[CHANNEL_FD] as Socket;
  const oneAtATime = pLimit(1);
  let ids = 0;
  let residentBytes = 0;
  let said = '';
  /** Why this side ended it. */
  let endedFor: Excess | 'abort' | undefined;
  let ended: ProcessEnded | undefined;
  let current:
    | { id: number; resolve: (answer: FromProcess, files: readonly Uint8Array[]) => void }
    | undefined;
  let fail = (_: unknown) => {};
  const exited = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      const reason =
        endedFor === 'abort' ? 'crash' : (endedFor ?? (LACK_OF_MEMORY.test(said) ? 'memory' : 'crash'));
      ended ??= new ProcessEnded(reason, {
        exitCode: code ?? undefined,
        exitSignal: signal ?? undefined,
        said: said.trim() || undefined,
      });
      fail(endedFor === 'abort' ? aborted() : ended);
      resolve();
    });
  });
  child.once('error', (error) => {
    said = error.message;
  });
  channel.on('error', () => {
    // The process has ended; its exit says why.
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_LENGTH);
  });
  readFrames<FromProcess>(channel, ({ message, files }) => {
    residentBytes = message.residentBytes;
    if (message.exceeded) end(message.exceeded);
    else if (message.id === current?.id) current.resolve(message, files);
  });

  const end = (reason: Excess | 'abort'): void => {
    endedFor ??= reason;
    child.kill('SIGKILL');
  };
  /** An idle process must not keep this one alive. */
  const hold = (held: boolean): void => {
    for (const handle of [child, channel]) held ? handle.ref() : handle.unref();
  };
  (child.stderr as Socket | null)?.unref();
  hold(false);

  const send = (message: ToProcess, files: readonly Uint8Array[] = []): void => {
    if (!ended) writeFrame(channel, { message, files });
  };

  const carryOut = async <C extends CallName>(
    call: Extract<Call, { call: C }>,
    files: readonly Uint8Array[],
    limits: CallLimits,
    signal: AbortSignal | undefined,
  ): Promise<CallResult<C>> => {
    if (ended || endedFor) throw new ProcessEnded('lost');
    if (signal?.aborted) throw aborted(signal);
    const id = ids++;
    hold(true);
    const stopWatching = watchUsage(() => readUsage(child.pid!), limits, clock, end);
    let cancelKill = () => {};
    const stopListening = onAbort(signal, () => {
      send({ abort: id });
      cancelKill = clock.after(ABORT_MS, () => end('abort'));
    });
    try {
      return await new Promise((resolve, reject) => {
        fail = reject;
        current = {
          id,
          resolve({ answer, failure, outOfMemory, processorMs }, files) {
            if (outOfMemory) reject(new ProcessEnded('memory', { said: failure?.message }));
            else if (failure) reject(fromFailure(failure));
            else resolve({ answer: answer as Answers[C], files, processorMs });
          },
        };
        send({ id, call, limits }, files);
      });
    } finally {
      current = undefined;
      fail = () => {};
      stopWatching();
      stopListening();
      cancelKill();
      hold(false);
    }
  };

  return {
    call: (call, { files = [], limits = STARTING, signal } = {}) =>
      oneAtATime(() => carryOut(call, files, limits, signal)),
    forget: (picture) => send({ close: picture }),
    get hasEnded() {
      return ended !== undefined || endedFor !== undefined;
    },
    get residentBytes() {
      return residentBytes;
    },
    close() {
      hold(true);
      // It has nothing to finish, and a decoder does not listen.
      end('abort');
      return exited;
    },
  };
}

function aborted(signal?: AbortSignal): AppError {
  return new AppError('Aborted', 'the work on the picture was stopped', { cause: signal?.reason });
}

/** A process that could not be started has no id; its `error` event says so. */
function yieldPriority({ pid }: ChildProcess, niceness = 0): void {
  if (pid !== undefined && niceness > 0) setPriority(pid, getPriority() + niceness);
}

/** Sets a limit on memory that the system enforces, and becomes the program. */
const LIMITED = 'ulimit -d "$0" 2>/dev/null; exec "$@"';
const SHELL = '/bin/sh';

function spawnProgram({ entry, options, dataBytes }: PictureProcessDeps): ChildProcess {
  const fromSource = entry.pathname.endsWith('.ts');
  const files = fromSource ? [new URL('./from-source.js', import.meta.url), entry] : [entry];
  const program = [process.execPath, ...files.map((file) => fileURLToPath(file)), JSON.stringify(options)];
  const [command, ...args] =
    process.platform !== 'win32' && existsSync(SHELL)
      ? [SHELL, '-c', LIMITED, String(Math.ceil(dataBytes / 1024)), ...program]
      : program;
  return spawn(command!, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: environment(process.env),
    windowsHide: true,
  });
}

/** A process that reads strangers' files gets no secret. */
const PASSED_ON = /^(PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|LD_LIBRARY_PATH|NODE_V8_COVERAGE)$/i;

/** Two arenas and early return of memory: a decoder asks for large pieces once, from several threads. */
const ALLOCATOR = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '2097152',
  MALLOC_TRIM_THRESHOLD_: '2097152',
};

function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = Object.entries(env).filter(([name]) => PASSED_ON.test(name));
  return { ...Object.fromEntries(passed), ...ALLOCATOR };
}
