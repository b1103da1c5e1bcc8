import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where `npm run test:knative` installs kubectl when the machine has none. */
export const OWN_KUBECTL = 'node_modules/.cache/kubectl/kubectl';

/** The path of the machine's kubectl, or of the installed one; undefined where there is neither. */
export function findKubectl(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = [...folders.map((folder) => join(folder, 'kubectl')), OWN_KUBECTL];
  return candidates.find((path) => existsSync(path) && spawnSync(path, ['version', '--client']).status === 0);
}

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl against a cluster. `input` is its standard input, for `-f -`. */
export function runKubectl(
  { path, kubeconfig, home }: { path: string; kubeconfig: string; home: string },
  args: readonly string[],
  input = '',
): Promise<Said> {
  return new Promise((resolve, reject) => {
    // kubectl keeps its discovery cache in the home folder.
    const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: kubeconfig };
    const child = spawn(path, args, { env });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
    child.stdin.end(input);
  });
}
