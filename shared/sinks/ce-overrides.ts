import * as z from 'zod/mini';
import { AppError } from '../runtime/errors.ts';
import { parseJson } from '../runtime/json.ts';

/** Extensions that the SinkBinding adds to every event. */
export interface CeOverrides {
  readonly extensions: Readonly<Record<string, string>>;
}

const schema = z.object({
  extensions: z._default(
    z.record(
      z.string().check(
        z.regex(/^[a-z0-9]+$/),
        z.refine((name) => !EVENT_ATTRIBUTES.includes(name)),
      ),
      z.string(),
    ),
    {},
  ),
});

/** Attributes that an override must not replace: an event's identity and content. */
export const EVENT_ATTRIBUTES: readonly string[] = [
  'id',
  'source',
  'specversion',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'data',
];

/** Reads the variable `K_CE_OVERRIDES`: `{"extensions": {"name": "value"}}`. Throws `ConfigInvalid`. */
export function parseCeOverrides(text: string): CeOverrides {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AppError(
    'ConfigInvalid',
    'K_CE_OVERRIDES needs {"extensions": {"name": "value"}}, with names of a-z and 0-9 other than the CloudEvents attributes',
  );
}
