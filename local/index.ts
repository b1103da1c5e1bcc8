// The local cloud as a library, for the tests of other projects.
export { manualClock, systemClock } from '../shared/runtime/clock.ts';
export { DEFAULT_ACCOUNT, type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';
