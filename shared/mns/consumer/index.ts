export { createConsumer } from './consumer.ts';
export type { ConsumerOptions } from './options.ts';
export type { DrainReport } from './report.ts';
export type { Consumer, DeadLetter, DeadLetters, Handle, HandleContext } from './types.ts';
