import { signV1 } from '../../../shared/oss/signature-v1.ts';
import { signV4 } from '../../../shared/oss/signature-v4.ts';
import { isSame } from '../../access/compare.ts';
import type { Keyring } from '../../access/keyring.ts';
import { parseJson } from '../../http/decode.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import { callerOf, findHolder } from './authenticate.ts';
import type { Caller } from './caller.ts';
import { type CredentialScope, readCredentialScope } from './credential-scope.ts';

type Fields = ReadonlyMap<string, string>;

/** The sender that signed a form's policy with V1 or V4; a form without a signature is anonymous. */
export function checkFormSignature(fields: Fields, keyring: Keyring): Caller {
  const v4 = fields.get('x-oss-signature');
  const signature = v4 ?? fields.get('signature');
  if (signature === undefined) return { kind: 'anonymous' };
  const policy = fields.get('policy');
  if (policy === undefined)
    throw invalidArgument('policy', '', 'A signed form must contain a field named policy.');
  const credential = v4 === undefined ? undefined : readCredential(fields);
  const accessKeyId = credential?.accessKeyId ?? fields.get('ossaccesskeyid') ?? '';
  const holder = findHolder(accessKeyId, fields.get('x-oss-security-token'), keyring);
  const expected = credential
    ? signV4({ ...credential, secret: holder.accessKeySecret }, policy)
    : signV1(holder.accessKeySecret, policy);
  if (keyring.checkSignatures && !isSame(signature, expected)) {
    throw new OssRefusal('SignatureDoesNotMatch', {
      elements: { OSSAccessKeyId: accessKeyId, SignatureProvided: signature, StringToSign: policy },
    });
  }
  return callerOf(accessKeyId, holder);
}

function readCredential(fields: Fields): CredentialScope & { readonly date: string } {
  const credential = fields.get('x-oss-credential') ?? '';
  const date = fields.get('x-oss-date') ?? '';
  const scope = readCredentialScope(credential);
  if (!scope || !date.startsWith(scope.day || '?')) throw invalidArgument('x-oss-credential', credential);
  return { ...scope, date };
}

interface PolicyTarget {
  readonly bucket: string;
  readonly key: string;
  /** The type of the file, unless a field names one. */
  readonly contentType: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Checks a form against its policy, if it has one, and returns the sizes in bytes that the policy allows. */
export function checkPolicy(fields: Fields, target: PolicyTarget): { min: number; max: number } {
  const encoded = fields.get('policy');
  const sizes = { min: 0, max: Number.POSITIVE_INFINITY };
  if (encoded === undefined) return sizes;
  const { expiration, conditions } = readPolicy(encoded);
  if (Date.parse(expiration) <= target.time) throw refused('Policy expired.');
  const actualOf = (name: string) => {
    const field = name.replace(/^\$/, '').toLowerCase();
    if (field === 'bucket' || field === 'key') return target[field];
    if (field === 'content-type') return fields.get(field) ?? target.contentType;
    return fields.get(field) ?? '';
  };
  for (const condition of conditions) {
    const [operator, name, value] = normalize(condition);
    if (operator === 'content-length-range') {
      if (!isSize(name) || !isSize(value)) throw new OssRefusal('InvalidPolicyDocument');
      sizes.min = Math.max(sizes.min, Number(name));
      sizes.max = Math.min(sizes.max, Number(value));
    } else if (!holds(operator, actualOf(String(name)), value)) {
      throw refused(`Policy Condition failed: ${JSON.stringify([operator, name, value])}`);
    }
  }
  return sizes;
}

function isSize(value: unknown): boolean {
  return /^\d{1,15}$/.test(String(value));
}

type Condition = readonly [operator: string, name: unknown, value: unknown];

/** `{"k":"v"}` is short for `["eq","$k","v"]`. */
function normalize(condition: unknown): Condition {
  if (Array.isArray(condition) && condition.length === 3) {
    const [operator, name, value] = condition;
    const known = ['eq', 'starts-with', 'content-length-range', 'in', 'not-in'];
    const found = known.find((candidate) => candidate === String(operator).toLowerCase());
    if (found) return [found, name, value];
  } else if (typeof condition === 'object' && condition !== null && !Array.isArray(condition)) {
    const entries = Object.entries(condition);
    if (entries.length === 1) return ['eq', `$${entries[0]![0]}`, entries[0]![1]];
  }
  throw new OssRefusal('InvalidPolicyDocument');
}

function holds(operator: string, actual: string, expected: unknown): boolean {
  switch (operator) {
    case 'eq':
      return actual === expected;
    case 'starts-with':
      return actual.startsWith(String(expected));
    case 'in':
      return Array.isArray(expected) && expected.includes(actual);
    default:
      return Array.isArray(expected) && !expected.includes(actual);
  }
}

function readPolicy(encoded: string): { expiration: string; conditions: unknown[] } {
  const invalid = (reason: string, cause?: unknown) =>
    new OssRefusal('InvalidPolicyDocument', { message: `Invalid Policy: ${reason}`, cause });
  const policy = parseJson(Buffer.from(encoded, 'base64').toString('utf8'), (cause) =>
    invalid('Invalid JSON: unable to parse.', cause),
  );
  const { expiration, conditions } = (policy ?? {}) as { expiration?: unknown; conditions?: unknown };
  if (typeof expiration !== 'string' || Number.isNaN(Date.parse(expiration))) {
    throw invalid('Policy document must include valid expiration.');
  }
  if (!Array.isArray(conditions)) throw invalid('Policy document must include conditions.');
  return { expiration, conditions };
}

function refused(why: string): OssRefusal {
  return new OssRefusal('AccessDenied', { message: `Invalid according to Policy: ${why}` });
}
