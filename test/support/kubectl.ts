import { execFileSync } from 'node:child_process';
import { findKubectl } from './kubernetes/kubectl.ts';

/** Path of kubectl; undefined when there is none. */
export const kubectlPath = findKubectl();

/** Renders a folder with `kubectl kustomize`. */
export function kustomize(folder: string): string {
  return execFileSync(kubectlPath!, ['kustomize', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
