import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../../shared/runtime/errors.ts';

/** The command `s` of this project, or the globally installed one. */
export async function serverlessDevs(): Promise<string> {
  const own = resolve('node_modules/.bin/s');
  return access(own).then(
    () => own,
    () => 's',
  );
}

/** Runs a program with the terminal of this one. Throws `ConfigInvalid` if it fails. */
export async function runVisibly(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  const child = spawn(program, [...args], { cwd, env, stdio: 'inherit' });
  const code = await new Promise<number>((done, fail) => {
    child.once('error', fail);
    child.once('exit', (status) => done(status ?? 1));
  });
  if (code !== 0)
    throw new AppError('ConfigInvalid', `${[program, ...args].join(' ')} failed with status ${code}`);
}
