import * as z from 'zod/mini';
import { around, jsonEnvelope } from '../envelope.ts';

/** One record without its notification; whether it is a good one is judged where all records are. */
export const ossRecord = jsonEnvelope(
  'oss-record',
  z.looseObject({ eventName: z.string(), oss: z.looseObject({}) }),
  (value) => ({ ...around('', value), areRecords: true }),
);
