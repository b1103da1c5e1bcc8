import * as z from 'zod/mini';
import { around, jsonEnvelope } from '../envelope.ts';

/** One record without its notification. It is validated later, like all records. */
export const ossRecord = jsonEnvelope(
  'oss-record',
  z.looseObject({ eventName: z.string(), oss: z.looseObject({}) }),
  (value) => ({ ...around('', value), areRecords: true }),
);
