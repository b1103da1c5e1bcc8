import * as z from 'zod/mini';
import { whyNotKeyPrefix } from '../oss/key-prefix.ts';
import type { OptionSpec } from '../runtime/options.ts';

const isKeyPrefix = z.refine<string>((prefix) => whyNotKeyPrefix(prefix) === undefined, {
  error: ({ input }) => whyNotKeyPrefix(String(input)),
});

/** The values of an option that is a key prefix. The error of an invalid one says what is wrong with it. */
export function keyPrefix(unit: string, pattern = /^/): Pick<OptionSpec<string>, 'schema' | 'unit'> {
  return { schema: z.string().check(isKeyPrefix, z.regex(pattern)), unit };
}
