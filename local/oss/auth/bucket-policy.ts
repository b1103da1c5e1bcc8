import * as z from 'zod/mini';
import { fits } from '../../access/patterns.ts';
import { parseJson } from '../../http/decode.ts';
import { notImplemented, OssRefusal } from '../errors.ts';

const texts = z.union([z.string(), z.array(z.string())]);
const statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  // sdk: absent is accepted; such a statement concerns the owner's own users.
  Principal: z.optional(texts),
  Action: texts,
  Resource: texts,
});
const document = z.object({
  Version: z.literal('1'),
  Statement: z
    .array(z.looseObject({ Condition: z.optional(z.unknown()), ...statement.shape }))
    .check(z.minLength(1)),
});

type Policy = z.infer<typeof document>;

/** A request in terms of policies. */
export interface PolicyQuestion {
  /** Empty when anonymous. */
  readonly accountId: string;
  /** `oss:GetObject`. */
  readonly action: string;
  readonly ownerId: string;
  readonly bucket: string;
  readonly key: string;
}

/**
 * Reads a bucket policy. Refuses unknown elements, which could restrict or invert a statement: a stored policy must
 * have the effect that it states.
 */
export function parsePolicy(text: string): Policy {
  const refuse = (cause: unknown) =>
    new OssRefusal('InvalidPolicyDocument', { message: 'The policy is not JSON.', cause });
  const policy = z.safeParse(document, parseJson(text, refuse));
  if (!policy.success) {
    const [issue] = policy.error.issues;
    throw new OssRefusal('InvalidPolicyDocument', {
      message: `Invalid policy at ${issue?.path.join('.') || 'the root'}: ${issue?.message}`,
    });
  }
  for (const item of policy.data.Statement) {
    const unknown = Object.keys(item).find((name) => !(name in statement.shape) && name !== 'Sid');
    if (unknown !== undefined) throw notImplemented(`policy element ${unknown}`);
  }
  return policy.data;
}

/** doc: a denial overrides any permission; if no statement covers a request, the ACL decides. */
export function decide({ Statement }: Policy, question: PolicyQuestion): 'Allow' | 'Deny' | undefined {
  const effects = Statement.filter((item) => covers(item, question)).map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'Deny';
  return effects.includes('Allow') ? 'Allow' : undefined;
}

function covers(item: Policy['Statement'][number], question: PolicyQuestion): boolean {
  const { accountId, action, ownerId, bucket, key } = question;
  const resource = `acs:oss:*:${ownerId}:${bucket}${key === '' ? '' : `/${key}`}`;
  return (
    listOf(item.Principal ?? []).some((principal) => principal === '*' || principal === accountId) &&
    listOf(item.Action).some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase())) &&
    listOf(item.Resource).some((pattern) => fits(withoutRegion(pattern), withoutRegion(resource)))
  );
}

/** `acs:oss:<region>:<account>:<path>` → `<account>:<path>`, because a policy applies only in its bucket's region. */
function withoutRegion(resource: string): string {
  return resource.replace(/^acs:oss:[^:]*:/, '');
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
