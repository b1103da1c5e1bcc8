import { z } from 'zod';
import type { Account } from '../local/access/account.ts';
import type { NewEventRule } from '../local/rules/index.ts';
import { AppError } from '../shared/runtime/errors.ts';
import { parseJson } from '../shared/runtime/json.ts';

const account = z.strictObject({
  accountId: z.string().regex(/^\d{1,20}$/),
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
});

const resource = z.union([
  z.strictObject({ bucket: z.string(), key: z.string() }),
  z.strictObject({ bucket: z.string(), prefix: z.string().default(''), suffix: z.string().default('') }),
]);

const endpoint = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('queue'), name: z.string() }),
  z.strictObject({ type: z.literal('topic'), name: z.string() }),
  z.strictObject({ type: z.literal('http'), url: z.url() }),
]);

const rule = z.strictObject({
  name: z.string(),
  eventTypes: z.array(z.string()),
  resources: z.array(resource),
  endpoints: z.array(endpoint),
  delivery: z.enum(['broadcast', 'direct']).optional(),
  format: z.enum(['SIMPLIFIED', 'JSON', 'XML']).optional(),
});

/** The first account owns buckets, queues and rules. Throws `ConfigInvalid` without any secret. */
export function readAccounts(json: string): Account[] {
  return read('accounts', z.array(account).min(1), json);
}

/** Checks only the schema: the cloud checks the meaning of a rule. Throws `ConfigInvalid`. */
export function readRules(json: string): NewEventRule[] {
  return read('rules', z.array(rule), json) as NewEventRule[];
}

function read<T>(what: string, schema: z.ZodType<T>, json: string): T {
  const value = parseJson(json);
  if (value === undefined) throw new AppError('ConfigInvalid', `the file of ${what} is not JSON`);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || what}: ${message}`);
  throw new AppError('ConfigInvalid', `the file of ${what} is invalid: ${faults.join('; ')}`, {
    details: { faults },
  });
}
