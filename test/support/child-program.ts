import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** A child process and its output. */
export interface ChildProgram {
  readonly process: ChildProcess;
  /** Standard output and standard error so far, in order of arrival. */
  output(): string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves to the match once the output matches. Rejects when the program ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves to the JSON line with this `msg`. Rejects when the program ends before. */
  line(message: string): Promise<Record<string, unknown>>;
  /** Exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>;
}

/** Reads the output of a child process whose streams are pipes. */
export function watchProgram(child: ChildProcess): ChildProgram {
  let output = '';
  const parts = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      parts[stream] += text;
      for (const watcher of watchers) watcher();
    });
  }
  // `close`, not `exit`: at `close`, all output has been read.
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);

  const found = <T>(what: string, find: () => T | null | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const watcher = () => {
        const result = find();
        if (result === undefined || result === null) return;
        watchers.delete(watcher);
        resolve(result);
      };
      watchers.add(watcher);
      watcher();
      void ended.then((code) => reject(new Error(`ended with ${code} before ${what}:\n${output}`)));
    });

  return {
    process: child,
    output: () => output,
    stdout: () => parts.stdout,
    stderr: () => parts.stderr,
    said: (pattern) => found(String(pattern), () => pattern.exec(output)),
    line: (message) => found(`"${message}"`, () => jsonLines(output).find(({ msg }) => msg === message)),
    ended: () => ended,
  };
}

/** Starts a TypeScript file as a child process, from the current sources. It is killed at the end of the test. */
export function startEntry(
  entry: string,
  env: Readonly<Record<string, string>> = {},
  ...args: string[]
): ChildProgram {
  const child = spawn(process.execPath, ['--import', 'tsx', entry, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return watchProgram(child);
}

function jsonLines(output: string): Record<string, unknown>[] {
  const complete = output.split('\n').slice(0, -1);
  return complete.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}
