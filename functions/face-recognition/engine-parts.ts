import type { Clock } from '../../shared/runtime/clock.ts';
import type { CredentialProvider } from '../../shared/runtime/credentials.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';

export interface EngineParts {
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Threads of the local engine where `ENGINE_WORKERS` does not say; 0 when absent. */
  readonly engineWorkers?: number;
}
