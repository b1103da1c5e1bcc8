import * as z from 'zod/mini';
import type { EnvelopeName } from './event.ts';

/** The content of an envelope. Paths are computed on demand: a list beyond the bound costs nothing. */
export interface Layer {
  readonly parts: readonly unknown[];
  /** The step from the envelope to a part: `.data.messageBody`, `[3]`. */
  readonly pathOf: (index: number) => string;
  /** Whether the parts are the records of one notification and not further envelopes. */
  readonly areRecords?: boolean;
  /** The id of the CloudEvent that was opened. It identifies a single record that the poller forwarded. */
  readonly eventId?: string | undefined;
}

/** The layer of an envelope around a single value. */
export function around(path: string, value: unknown): Layer {
  return { parts: [value], pathOf: () => path };
}

/** One shape in which a trigger delivers. */
export interface Envelope {
  readonly name: EnvelopeName;
  /** A string says why the value is not this envelope: field and expectation, never content. */
  open(value: unknown): Layer | string;
}

/** A list whose elements are opened one by one, each with its own fault. zod would visit all of them first. */
export const list = z.custom<readonly unknown[]>(Array.isArray, 'expected array');

/** An envelope that a schema matches. */
export function jsonEnvelope<T>(
  name: EnvelopeName,
  schema: z.ZodMiniType<T>,
  open: (value: T) => Layer,
): Envelope {
  const check = (value: unknown): Layer | string => {
    const parsed = schema.safeParse(value);
    return parsed.success ? open(parsed.data) : describeIssue(parsed.error.issues);
  };
  const { shape } = schema as { shape?: Readonly<Record<string, unknown>> };
  if (!shape) return { name, open: check };
  // A schema costs many times more than a look at the first field, and a batch may have thousands of foreign parts.
  const [first] = Object.keys(shape) as [string];
  let why: { foreign: string; absent: string } | undefined;
  return {
    name,
    open(value) {
      why ??= { foreign: check(undefined) as string, absent: check({}) as string };
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return why.foreign;
      return first in value ? check(value) : why.absent;
    },
  };
}

/** `oss.object.key: expected string` for the first issue. zod's own messages would quote values. */
export function describeIssue(issues: readonly z.core.$ZodIssue[]): string {
  const issue = issues[0];
  if (!issue) return 'invalid';
  return [issue.path.join('.'), expectation(issue)].filter(Boolean).join(': ');
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`;
  if (issue.code === 'invalid_value') return `expected ${issue.values.map(String).join(' or ')}`;
  return issue.message;
}
