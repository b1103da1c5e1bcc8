import { spawn } from 'node:child_process';
import { builtCli } from './built-cli.ts';
import { type ChildProgram, watchProgram } from './child-program.ts';

const CLI = await builtCli();

/** Starts our command line as a child process. */
export function runProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProgram {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  return watchProgram(child);
}
