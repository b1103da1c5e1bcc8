import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Credentials } from '../../../shared/runtime/credentials.ts';
import type { Logger } from '../../../shared/runtime/log.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import type { ObjectChange } from '../../events/object-change.ts';
import type { Invocations, Target } from '../invocations/index.ts';
import type { TriggerRecord } from '../store/records.ts';

/** What triggers work with. */
export interface TriggerDeps {
  readonly invocations: Pick<Invocations, 'invoke' | 'invokeAsync'>;
  /** Registers a listener for changes of objects. @default there are none */
  readonly onObjectChange?: (listener: (change: ObjectChange) => void) => () => void;
  readonly mnsUrl: string;
  /** The key of the account, by which the platform reads queues and subscribes to topics. */
  readonly credentials: Credentials;
  /** Throws unless the role trusts the service, and allows it to invoke the function. @default roles are not checked */
  readonly checkRole?: (role: string, use: { service: string; action: string; resource: string }) => void;
  readonly region: string;
  readonly accountId: string;
  /** `http://127.0.0.1:<port>` */
  readonly url: () => string;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A trigger that is at work. */
export interface RunningTrigger {
  /** Fires no more; resolves when nothing is in progress. */
  stop(): Promise<void>;
}

/** The function behind a trigger, and the trigger. */
export interface TriggerOf {
  readonly functionName: string;
  readonly trigger: TriggerRecord;
}

export function targetOf({ functionName, trigger }: TriggerOf): Target {
  return { name: functionName, qualifier: trigger.qualifier };
}
