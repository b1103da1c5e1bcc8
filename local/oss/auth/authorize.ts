import { OssError } from '../errors.ts';
import type { OssRequest } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import { currentVersion, type ObjectAcl } from '../store/records.ts';
import { accountOf } from './caller.ts';

/**
 * What an operation needs, in the terms of access control lists.
 * - `read`: bytes and attributes of an object, or the listing of a bucket.
 * - `write`: creating, changing or deleting objects.
 * - `own`: everything else about a bucket or an object.
 * - `account`: any account, none in particular.
 * - `anyone`: the operation decides itself, as a browser form does that carries its signature in the body.
 */
export type Access = 'read' | 'write' | 'own' | 'account' | 'anyone';

const GRANTS: Readonly<Record<ObjectAcl, readonly Access[]>> = {
  default: [],
  private: [],
  'public-read': ['read'],
  'public-read-write': ['read', 'write'],
};

/** Throws `AccessDenied`. The owner of a bucket may do everything; others what the ACL of the object or bucket grants. */
export function authorize(request: OssRequest, access: Access, bucket: BucketStore | undefined): void {
  const caller = accountOf(request.caller);
  if (access === 'anyone') return;
  if (access === 'account' || !bucket) {
    if (caller !== '') return;
    throw denied('Anonymous user has no right to access this bucket.', request);
  }
  if (caller === bucket.record.ownerId) return;
  const object = currentVersion(bucket.find(request.key));
  const acl = object && object.acl !== 'default' ? object.acl : bucket.record.acl;
  if (!GRANTS[acl].includes(access)) throw aclDenied(request);
  if (caller === '' && [...request.query.keys()].some((name) => name.startsWith('response-'))) {
    throw new OssError('InvalidRequest');
  }
}

function aclDenied(request: OssRequest): OssError {
  if (request.key !== '')
    return denied('You have no right to access this object because of bucket acl.', request);
  return request.caller.kind === 'anonymous'
    ? denied('Anonymous user has no right to access this bucket.', request)
    : denied('You do not have read acl permission on this bucket.', request);
}

export function denied(message: string, { bucket }: { bucket: string }): OssError {
  return new OssError('AccessDenied', { message, elements: { BucketName: bucket || undefined } });
}
