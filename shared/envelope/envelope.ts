import type * as z from 'zod/mini';
import type { EnvelopeName } from './event.ts';

/** A value inside an envelope, and where it was. */
export interface Part {
  /** Steps from the envelope to the value: `.data.messageBody`, `[3]`. */
  readonly path: string;
  readonly value: unknown;
}

/** What an envelope held: further values to open, or at last the records of one notification. */
export type Layer =
  | {
      readonly parts: readonly Part[];
      /** The id of the CloudEvent that was opened; an event forwarded by us keeps its own. */
      readonly eventId?: string;
    }
  | { readonly records: readonly Part[] };

/** One shape in which a trigger delivers. */
export interface Envelope {
  readonly name: EnvelopeName;
  /** A string says why the value is not this envelope: field and expectation, never content. */
  open(value: unknown): Layer | string;
}

/** An envelope that a schema recognises. */
export function jsonEnvelope<T>(
  name: EnvelopeName,
  schema: z.ZodMiniType<T>,
  open: (value: T) => Layer,
): Envelope {
  return {
    name,
    open(value) {
      const parsed = schema.safeParse(value);
      return parsed.success ? open(parsed.data) : describeIssue(parsed.error.issues);
    },
  };
}

/** `oss.object.key: expected string`, of the first issue: zod's own messages would quote values. */
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
