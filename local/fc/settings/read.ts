import * as z from 'zod/mini';
import { parseJson } from '../../http/decode.ts';
import { FcRefusal } from '../errors.ts';

/** The body of a request as JSON. Throws `InvalidArgument`. */
export function bodyOf(body: Buffer): unknown {
  return parseJson(body.toString('utf8') || '{}', (cause) => {
    return new FcRefusal('InvalidArgument', { message: 'the body is not JSON', cause });
  });
}

/** The value if it fits the schema. Throws `InvalidArgument` that names the field. */
export function readWith<S extends z.core.$ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'the body';
  throw new FcRefusal('InvalidArgument', `${field}: ${issue?.message ?? 'is not valid'}`);
}

export const whole = (min: number, max: number) => z.int().check(z.minimum(min), z.maximum(max));
export const textUpTo = (max: number) => z.string().check(z.maxLength(max));
/** doc: names of functions, triggers and aliases. */
export const nameUpTo = (max: number) =>
  z
    .string()
    .check(
      z.regex(
        /^[A-Za-z_][A-Za-z0-9_-]*$/,
        'should begin with a letter or underscore and hold letters, digits, _ and -',
      ),
      z.maxLength(max),
    );

/** Whether a value says nothing: clients send such ones for everything that they leave as it is. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.every(isEmpty);
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}
