import { KubeConfig } from '@kubernetes/client-node';
import { AppError } from '../../../shared/runtime/errors.ts';

/** The pod's own cluster, or the one that `KUBECONFIG` names. */
export function findCluster(): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the cluster cannot be found: run in a pod, or set KUBECONFIG: ${reason}`;
    throw new AppError('ConfigInvalid', message, { cause });
  }
  return config;
}
