import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { contextHeaders } from './context.ts';
import {
  type CallOptions,
  type CallResult,
  type End,
  errorOf,
  type Instance,
  noteOf,
  type PassedAnswer,
  type PassedRequest,
} from './instance.ts';
import type { InstanceConfig } from './instance-config.ts';
import type { StartOptions } from './managed.ts';
import { watchMemory } from './memory.ts';
import { collectOutput } from './output.ts';

/** doc: the time in which the program has to listen. */
const LISTEN_MS = 120_000;
const PROBE_MS = 50;
/** Milliseconds that a program gets to end by itself. */
const STOP_MS = 2000;
/** Bytes of the output that an error quotes. */
const QUOTED = 1000;

/** doc: the port of a function that configures no other. */
const DEFAULT_PORT = 9000;

/** doc: where hooks are called, and how the call is named to the program. */
const PATHS = {
  Initialize: ['POST', '/initialize'],
  Invoke: ['POST', '/invoke'],
  PreStop: ['GET', '/pre-stop'],
} as const;

/**
 * Starts the program of a custom runtime and waits until it listens. The port is a free one of this machine, because
 * instances share it: the program takes it from `FC_SERVER_PORT` or `FC_CUSTOM_LISTEN_PORT`. A program of Node may also
 * have the configured port built in.
 */
export async function startCustomInstance(config: InstanceConfig, options: StartOptions): Promise<Instance> {
  const { id, environment, clock } = options;
  const port = await freePort();
  const [program = '/code/bootstrap', ...args] = config.command ?? [];
  const child = spawn(
    placed(program, config),
    args.map((arg) => placed(arg, config)),
    {
      cwd: config.codeDir,
      env: {
        ...environment,
        FC_SERVER_PORT: String(port),
        FC_CUSTOM_LISTEN_PORT: String(port),
        LOCAL_CLOUD_LISTEN: `${config.port ?? DEFAULT_PORT}:${port}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let forced: End | undefined;
  let exited: string | undefined;
  const ended = endOf(child).then((how) => {
    exited = how;
    return how;
  });
  const end = (reason: End) => {
    forced ??= reason;
    child.kill('SIGKILL');
  };
  const output = collectOutput([child.stdout, child.stderr]);
  const memory = watchMemory(child.pid, config.memoryMb, () => end('memory'));
  void ended.then(memory.stop);
  const isReady = await untilListening(port, () => exited !== undefined, clock);
  if (!isReady && exited === undefined)
    end({ exited: `nothing listened on port ${port}, which FC_SERVER_PORT names, within 120 s` });

  const failure = async (reason: End, startedAt: number, timeoutSeconds: number): Promise<CallResult> => {
    await ended;
    const measured = { durationMs: clock.monotonic() - startedAt, timeoutSeconds, maxMemoryMb: memory.max() };
    return { ...errorOf(reason, measured), log: output.take() + noteOf(reason, config.memoryMb) };
  };

  /** `End` if the process or the time is over before the answer. */
  const send = async (
    passed: PassedRequest,
    timeoutSeconds: number,
  ): Promise<PassedAnswer | { readonly end: End }> => {
    if (exited !== undefined) return { end: forced ?? { exited } };
    const cancel = clock.after(timeoutSeconds * 1000, () => end('timeout'));
    try {
      return await exchange(port, passed);
    } catch (error) {
      // The program broke the connection, and has ended or is about to.
      await Promise.race([ended, clock.sleep(STOP_MS)]);
      return { end: forced ?? { exited: exited ?? String(error) } };
    } finally {
      cancel();
    }
  };

  return {
    id,
    isAlive: () => exited === undefined,
    kill: () => child.kill('SIGKILL'),
    async call(hook, context, { phase, event, timeoutSeconds }) {
      const startedAt = clock.monotonic();
      const [method, target] = PATHS[phase];
      const headers = {
        ...contextHeaders(config, options, context),
        'x-fc-control-path': target,
        'content-type': 'application/octet-stream',
        ...(phase === 'Initialize' && { 'x-fc-function-initializer': hook }),
      };
      const body = Buffer.from(event ?? []);
      const answer = await send({ method, target, headers, body }, timeoutSeconds);
      if ('end' in answer) return failure(answer.end, startedAt, timeoutSeconds);
      // doc: only this header tells a failure; without it every answer is a success.
      const failed = Number(answer.headers['x-fc-status'] ?? 200) >= 400;
      const log = output.take();
      const maxMemoryMb = memory.max();
      if (!failed) return { result: answer.body, maxMemoryMb, log };
      return { error: readError(answer.body), handled: true, maxMemoryMb, log };
    },
    async pass(passed, context, { timeoutSeconds }: CallOptions) {
      const control = { 'x-fc-control-path': '/http-invoke' };
      const headers = { ...passed.headers, ...contextHeaders(config, options, context), ...control };
      const answer = await send({ ...passed, headers }, timeoutSeconds);
      if (!('end' in answer)) return answer;
      await ended;
      return exitedAnswer(answer.end, config, context.requestId, output.take());
    },
    async stop() {
      child.kill('SIGTERM');
      const cancel = clock.after(STOP_MS, () => child.kill('SIGKILL'));
      await ended;
      cancel();
    },
  };
}

/** doc: the code is at `/code`. */
function placed(word: string, { codeDir }: InstanceConfig): string {
  return word.startsWith('/code/') ? join(codeDir, word.slice('/code/'.length)) : word;
}

async function untilListening(port: number, isOver: () => boolean, clock: Clock): Promise<boolean> {
  const startedAt = clock.monotonic();
  while (!isOver() && clock.monotonic() - startedAt < LISTEN_MS) {
    if (await accepts(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
  }
  return false;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function exchange(port: number, { method, target, headers, body }: PassedRequest): Promise<PassedAnswer> {
  return new Promise((resolve, reject) => {
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...others } = headers;
    const message = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path: target,
        headers: { ...others, 'content-length': body.length },
        agent: false,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
        answer.once('aborted', () => reject(new Error('the answer was cut off')));
      },
    );
    message.once('error', reject);
    message.end(body);
  });
}

/** What the program says about its failure, or its words as they are. */
function readError(body: Buffer): { errorMessage: string; errorType?: string } {
  try {
    const { errorMessage, errorType } = JSON.parse(body.toString());
    if (typeof errorMessage === 'string') return { errorMessage, errorType };
  } catch {
    // Not JSON.
  }
  return { errorMessage: body.toString() };
}

/** The texts are those of captured answers. */
function exitedAnswer(
  end: End,
  { command = [] }: InstanceConfig,
  requestId: string,
  log: string,
): PassedAnswer {
  const how = typeof end === 'string' ? end : end.exited;
  const code = /^code (\d+)$/.exec(how)?.[1] ?? '137';
  const isTimeout = end === 'timeout';
  const text = isTimeout
    ? 'Function timed out'
    : `Function instance exited unexpectedly(code ${code}, message:${how}) with start command '${command.join(' ')}'.\nLogs:${log.slice(-QUOTED)}`;
  const body = { RequestId: requestId, Code: isTimeout ? 'FunctionTimeout' : 'CAExited', Message: text };
  return {
    status: 412,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
  };
}

async function endOf(child: ChildProcess): Promise<string> {
  const how = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const read = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  const result = await how;
  // A program that could not start has no streams that close.
  await Promise.race([Promise.all(read), new Promise((resolve) => setTimeout(resolve, 500))]);
  return result;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
