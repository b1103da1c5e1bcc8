import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { builtCli } from './built-cli.ts';

const CLI = await builtCli();

/** Our command line as a child process. */
export interface Program {
  readonly process: ChildProcess;
  output(): string;
  /** Resolves when the output matches. Rejects when the program ends before. */
  said(pattern: RegExp): Promise<void>;
  /** Exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>;
}

export function runProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  let output = '';
  const waiting: { pattern: RegExp; resolve: () => void; reject: (error: Error) => void }[] = [];
  const hear = (text: string) => {
    output += text;
    for (const { pattern, resolve } of waiting) if (pattern.test(output)) resolve();
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  // `close`, not `exit`: at `close`, all output has been read.
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  void ended.then((code) => {
    for (const { pattern, reject } of waiting)
      reject(new Error(`ended with ${code} before ${pattern}:\n${output}`));
  });
  return {
    process: child,
    output: () => output,
    said: (pattern) =>
      pattern.test(output)
        ? Promise.resolve()
        : new Promise((resolve, reject) => waiting.push({ pattern, resolve, reject })),
    ended: () => ended,
  };
}
