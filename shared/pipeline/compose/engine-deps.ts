import type { CredentialProvider } from '../../runtime/credentials.ts';
import type { RuntimeDeps } from '../../runtime/deps.ts';

export interface EngineDeps extends RuntimeDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialProvider;
  /** Picture processes when `ENGINE_WORKERS` is not set. @default 1 */
  readonly engineWorkers?: number;
}
