import type { Clock } from '../../runtime/clock.ts';
import type { CredentialProvider } from '../../runtime/credentials.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';

export interface EngineDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Picture processes when `ENGINE_WORKERS` is not set. @default 1 */
  readonly engineWorkers?: number;
}
