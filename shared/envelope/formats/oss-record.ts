import * as z from 'zod/mini';
import { jsonEnvelope } from '../envelope.ts';

/** One record without its notification; whether it is a good one is judged where all records are. */
export const ossRecord = jsonEnvelope(
  'oss-record',
  z.looseObject({ eventName: z.string(), oss: z.unknown().check(z.refine(isPresent, 'expected object')) }),
  (value) => ({ records: [{ path: '', value }] }),
);

function isPresent(value: unknown): boolean {
  return value !== undefined;
}
