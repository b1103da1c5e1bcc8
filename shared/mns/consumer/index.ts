export { createConsumer } from './consumer.ts';
export type { ConsumerEvents, RecordDelivery } from './events.ts';
export type { ConsumerOptions } from './options.ts';
export type { DrainReport, StopReport } from './report.ts';
export type { Consumer, DeadLetter, DeadLetters, Handle, HandleContext } from './types.ts';
