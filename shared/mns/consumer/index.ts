export { createConsumer } from './consumer.ts';
export type { DeadLetter, DeadLetters } from './dead-letters.ts';
export type { ConsumerEvents, RecordDelivery } from './events.ts';
export type { Handle, HandleContext, Outcome } from './handler.ts';
export type { ConsumerOptions } from './options.ts';
export type { DrainReport, StopReport } from './report.ts';
export type { Consumer } from './types.ts';
