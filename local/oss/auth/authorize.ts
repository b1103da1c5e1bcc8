import { OssRefusal } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import { currentVersion, type ObjectAcl } from '../store/records.ts';
import { decide, parsePolicy } from './bucket-policy.ts';
import { accountOf } from './caller.ts';

/**
 * The right that an operation needs, in terms of access control lists.
 * - `read`: bytes and attributes of an object; guess: also the list of a bucket, as before policies existed.
 * - `write`: creating, changing or deleting objects.
 * - `own`: everything else about a bucket or an object.
 * - `account`: any account.
 * - `anyone`: the operation itself checks the right: the body has the signature of a form, or the keys of a deletion.
 */
export type Access = 'read' | 'write' | 'own' | 'account' | 'anyone';

const GRANTS: Readonly<Record<ObjectAcl, readonly Access[]>> = {
  default: [],
  private: [],
  'public-read': ['read'],
  'public-read-write': ['read', 'write'],
};

/** The permission that an operation needs, in terms of access control lists and of policies. */
export interface Permission {
  readonly access: Access;
  /** `oss:GetObject`. */
  readonly action: string;
}

/**
 * Throws `AccessDenied`. The owner of a bucket may do everything. Others may do what its policy allows, and what the ACL
 * of the object or bucket grants unless the policy denies it. A role of either may do at most what its own policies allow.
 */
export function authorize(
  request: OssRequest,
  { access, action }: Permission,
  bucket: BucketStore | undefined,
): void {
  const accountId = accountOf(request.caller);
  if (access === 'anyone') return;
  checkRole(request, action, bucket);
  if (access === 'account' || !bucket) {
    if (accountId !== '') return;
    throw denied('Anonymous user has no right to access this bucket.', request);
  }
  const { ownerId, name, acl, documents } = bucket.record;
  if (accountId === ownerId) return;
  const question = { accountId, action, ownerId, bucket: name, key: request.key };
  const decision = documents.policy && decide(parsePolicy(documents.policy), question);
  if (decision === 'Deny') throw denied("Access denied by authorizer's policy.", request);
  const object = currentVersion(bucket.find(request.key));
  const grants = GRANTS[object && object.acl !== 'default' ? object.acl : acl];
  if (decision !== 'Allow' && !grants.includes(access)) throw aclDenied(request);
  if (accountId === '' && [...request.query.keys()].some((parameter) => parameter.startsWith('response-'))) {
    throw new OssRefusal('InvalidRequest');
  }
}

/** doc: the resources and conditions of policies for OSS. */
function checkRole(request: OssRequest, action: string, bucket: BucketStore | undefined): void {
  const { caller, key, query, sourceIp } = request;
  if (caller.kind === 'anonymous' || !caller.permits) return;
  const owner = bucket?.record.ownerId ?? caller.accountId;
  const path = `${request.bucket || '*'}${key === '' ? '' : `/${key}`}`;
  const conditions = {
    'acs:SourceIp': sourceIp,
    'oss:Prefix': query.get('prefix') ?? '',
    'oss:Delimiter': query.get('delimiter') ?? '',
  };
  if (caller.permits({ action, resource: `acs:oss:*:${owner}:${path}`, conditions })) return;
  throw denied(
    `You have no right to access this object because of ram policy: ${action} on ${path}.`,
    request,
  );
}

function aclDenied(request: OssRequest): OssRefusal {
  if (request.key !== '')
    return denied('You have no right to access this object because of bucket acl.', request);
  return request.caller.kind === 'anonymous'
    ? denied('Anonymous user has no right to access this bucket.', request)
    : denied('You do not have read acl permission on this bucket.', request);
}

export function denied(message: string, { bucket }: { bucket: string }): OssRefusal {
  return new OssRefusal('AccessDenied', { message, elements: { BucketName: bucket || undefined } });
}
