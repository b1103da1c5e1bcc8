import { execFileSync } from 'node:child_process';
import { findKubectl } from './kubernetes/kubectl.ts';

/** Undefined where there is no kubectl. */
export const kubectlPath = findKubectl();

/** What `kubectl kustomize` makes of a folder. */
export function kustomize(folder: string): string {
  return execFileSync(kubectlPath!, ['kustomize', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
