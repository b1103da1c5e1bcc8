import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** The entry file of a function as a child process, from the current sources. */
export interface ServerProgram {
  readonly child: ChildProcess;
  /** The log line with this message. */
  line(message: string): Promise<Record<string, unknown>>;
  /** Resolves to the match once standard output, or else standard error, matches. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly output: () => string;
  readonly errors: () => string;
  /** The exit code. */
  exit(): Promise<number | null>;
}

export function startServerProgram(
  entry: string,
  variables: Readonly<Record<string, string>>,
  ...args: string[]
): ServerProgram {
  const child = spawn(process.execPath, ['--import', 'tsx', entry, ...args], {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let errors = '';
  let watchers: (() => void)[] = [];
  const hear = () => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    hear();
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
    hear();
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));

  const found = <T>(what: string, find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const watcher = () => {
        const result = find();
        if (result === undefined) return;
        watchers = watchers.filter((other) => other !== watcher);
        resolve(result);
      };
      watchers.push(watcher);
      watcher();
      void exit.then(() => reject(new Error(`ended without ${what}: ${output}${errors}`)));
    });

  return {
    child,
    output: () => output,
    errors: () => errors,
    exit: () => exit,
    line: (message) => found(`"${message}"`, () => jsonLines(output).find(({ msg }) => msg === message)),
    said: (pattern) =>
      found(String(pattern), () => pattern.exec(output) ?? pattern.exec(errors) ?? undefined),
  };
}

function jsonLines(output: string): Record<string, unknown>[] {
  const complete = output.split('\n').slice(0, -1);
  return complete.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}
