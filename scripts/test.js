// `npm test` runs the checks and then all tests. With arguments it runs vitest with them and nothing else:
// `npm test -- test/shared/mns`.
import { spawnSync } from 'node:child_process';

const args = process.argv.slice(2);
if (args.length === 0) run('npm', ['run', '--silent', 'check']);
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args]);

/** Ends this process with the exit code of a program that fails. */
function run(program, programArgs) {
  const { status } = spawnSync(program, programArgs, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}
