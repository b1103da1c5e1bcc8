import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Another commit, built, with the packages of this checkout. `remove` ends it. */
export async function otherCheckout(commit: string): Promise<{ root: string; remove: () => Promise<void> }> {
  const root = join(await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-')), 'checkout');
  execFileSync('git', ['worktree', 'add', '--detach', root, commit], { stdio: 'ignore' });
  await symlink(resolve('node_modules'), join(root, 'node_modules'));
  execFileSync(process.execPath, ['scripts/build.js', '--quiet'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    root,
    async remove() {
      execFileSync('git', ['worktree', 'remove', '--force', root], { stdio: 'ignore' });
      await rm(join(root, '..'), { recursive: true, force: true });
    },
  };
}
