// The local cloud as a library, for the tests of other projects.
export { type Clock, type ManualClock, manualClock, systemClock } from '../shared/runtime/clock.ts';
export { DEFAULT_ACCOUNT, type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';
export type { Fault, Faults } from './faults.ts';
export type { QueueSettings } from './mns/index.ts';
export type { EventRule, NewEventRule } from './rules/index.ts';
export type { Account } from './access/account.ts';
