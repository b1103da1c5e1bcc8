import * as z from 'zod/mini';
import type { EnvelopeName } from './event.ts';

/** What an envelope held. Paths are made on demand, so that a list beyond the bound costs nothing. */
export interface Layer {
  readonly parts: readonly unknown[];
  /** The step from the envelope to a part: `.data.messageBody`, `[3]`. */
  readonly pathOf: (index: number) => string;
  /** The parts are the records of one notification, not further envelopes. */
  readonly areRecords?: boolean;
  /** The id of the CloudEvent that was opened; a single record that we forwarded keeps its own. */
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

/** A list whose elements are looked at one by one, each with a fault of its own; zod would visit them all first. */
export const list = z.custom<readonly unknown[]>(Array.isArray, 'expected array');

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
