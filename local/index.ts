// The local cloud as a library, for the tests of other projects.
export {
  type AdvanceableClock,
  type Clock,
  type ManualClock,
  manualClock,
  systemClock,
} from '../shared/runtime/clock.ts';
export type { Credentials } from '../shared/runtime/credentials.ts';
export type { Account } from './access/account.ts';
export { DEFAULT_ACCOUNT, type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';
export type { ObjectChange } from './events/object-change.ts';
export type { FaceBodyFault, OperationStats } from './facebody/index.ts';
export type { Fault, Faults } from './faults.ts';
export {
  type AsyncConfig,
  type CloudOfFunctions,
  type FunctionConfig,
  type InvocationResult,
  type LocalFc,
  type LocalFcOptions,
  type OssTrigger,
  startLocalFc,
} from './fc/index.ts';
export type { DeadLetterPolicy, QueueSettings } from './mns/index.ts';
export type { EventRule, MatchResource, NewEventRule, RuleEndpoint } from './rules/index.ts';
