import * as z from 'zod/mini';
import { fits } from './patterns.ts';

const texts = z.union([z.string(), z.array(z.string())]);

/** doc: the operators of a condition that have a meaning here; a policy with another one is refused. */
const OPERATORS: Readonly<Record<string, (pattern: string, value: string) => boolean>> = {
  StringEquals: (pattern, value) => pattern === value,
  StringNotEquals: (pattern, value) => pattern !== value,
  StringEqualsIgnoreCase: (pattern, value) => pattern.toLowerCase() === value.toLowerCase(),
  StringLike: fits,
  StringNotLike: (pattern, value) => !fits(pattern, value),
  Bool: (pattern, value) => pattern.toLowerCase() === value,
};

const statement = z.strictObject({
  Sid: z.optional(z.string()),
  Effect: z.enum(['Allow', 'Deny']),
  Action: z.optional(texts),
  NotAction: z.optional(texts),
  Resource: z.optional(texts),
  NotResource: z.optional(texts),
  Principal: z.optional(z.record(z.enum(['RAM', 'Service', 'Federated']), z.optional(texts))),
  Condition: z.optional(
    z.record(
      z.string().check(z.refine((name) => Object.hasOwn(OPERATORS, name), 'is not supported here')),
      z.record(z.string(), z.union([texts, z.boolean()])),
    ),
  ),
});
const document = z.strictObject({
  Version: z.literal('1'),
  Statement: z.array(statement).check(z.minLength(1)),
});

/** A policy of RAM, or the document that says who may assume a role. */
export type PolicyDocument = z.infer<typeof document>;
type Statement = PolicyDocument['Statement'][number];

/** A request in terms of policies. */
export interface AccessQuestion {
  /** `oss:GetObject` */
  readonly action: string;
  /** `acs:oss:oss-cn-hangzhou:1234567890123456:photos/a.jpg` */
  readonly resource: string;
  /** The values that conditions compare, such as `oss:Prefix`. @default {} */
  readonly conditions?: Readonly<Record<string, string | undefined>>;
}

/** Whether a key may do something. */
export type Permits = (question: AccessQuestion) => boolean;

/** Reads a policy. Throws what `refuse` makes of the reason: an unknown element could restrict what it grants. */
export function parsePolicy(text: string, refuse: (reason: string) => Error): PolicyDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('it is not JSON');
  }
  const parsed = z.safeParse(document, value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refuse(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
}

/** doc: a denial overrides any permission; what no statement covers is denied. */
export function isPermitted(documents: readonly PolicyDocument[], question: AccessQuestion): boolean {
  const covering = documents.flatMap(({ Statement }) => Statement).filter((item) => covers(item, question));
  return covering.length > 0 && covering.every(({ Effect }) => Effect === 'Allow');
}

/** Whether a role's trust policy lets this service, or this account, assume it. */
export function isTrusted(
  { Statement }: PolicyDocument,
  principal: { readonly service: string } | { readonly accountId: string },
): boolean {
  return Statement.some(({ Effect, Action, Principal = {} }) => {
    if (Effect !== 'Allow' || !listOf(Action).some((action) => fits(action, 'sts:AssumeRole'))) return false;
    if ('service' in principal) return listOf(Principal.Service).includes(principal.service);
    return listOf(Principal.RAM).some((arn) => arn.startsWith(`acs:ram::${principal.accountId}:`));
  });
}

function covers(item: Statement, question: AccessQuestion): boolean {
  return coversAction(item, question) && coversResource(item, question) && holds(item, question);
}

function coversAction({ Action, NotAction }: Statement, { action }: AccessQuestion): boolean {
  const named = (patterns: readonly string[]) =>
    patterns.some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase()));
  return NotAction === undefined ? named(listOf(Action)) : !named(listOf(NotAction));
}

function coversResource({ Resource, NotResource }: Statement, { resource }: AccessQuestion): boolean {
  const named = (patterns: readonly string[]) => patterns.some((pattern) => fits(pattern, resource));
  return NotResource === undefined ? named(listOf(Resource)) : !named(listOf(NotResource));
}

/** doc: all operators and keys must hold; one of the values of a key is enough. A key without a value does not hold. */
function holds({ Condition = {} }: Statement, { conditions = {} }: AccessQuestion): boolean {
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) => {
      const actual = conditions[key] ?? conditions[key.toLowerCase()];
      if (actual === undefined) return false;
      const patterns = typeof expected === 'boolean' ? [String(expected)] : listOf(expected);
      const test = OPERATORS[operator]!;
      return operator.includes('Not')
        ? patterns.every((pattern) => test(pattern, actual))
        : patterns.some((pattern) => test(pattern, actual));
    }),
  );
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
