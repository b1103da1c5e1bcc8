import { onTestFinished } from 'vitest';
import { type Connection, readConnection } from '../../local/start/connection.ts';
import type { ChildProgram } from '../support/child-program.ts';
import { runProgram } from '../support/program.ts';

export interface RunningCloud {
  readonly program: ChildProgram;
  readonly connection: Connection;
}

/** `mnsoss-face cloud` on free ports and a data folder; it ends with the test. */
export async function startCloud(dataDir: string, ...more: string[]): Promise<RunningCloud> {
  const program = runCloud('--data-dir', dataDir, ...more);
  await program.said(/^region/m);
  return { program, connection: (await readConnection(dataDir))! };
}

export function runCloud(...args: string[]): ChildProgram {
  const program = runProgram(['cloud', '--oss-port', '0', '--mns-port', '0', ...args]);
  onTestFinished(() => void program.process.kill('SIGKILL'));
  return program;
}

/** Runs a command to its end, which should be a good one; gives what it said. */
export async function succeed(...args: string[]): Promise<string> {
  const program = runProgram(args);
  const code = await program.ended();
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${program.output()}`);
  return program.output();
}
