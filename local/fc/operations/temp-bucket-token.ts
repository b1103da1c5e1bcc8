import { FcRefusal } from '../errors.ts';
import type { Operation } from './operation.ts';

/** sdk: the address to which `@alicloud/fc2` uploads code; clients put the account's id before the name. */
export const tempBucketToken: Operation = async (_, { temporaryBucket }) => {
  if (!temporaryBucket) throw new FcRefusal('NotImplemented', 'nothing can be deployed here');
  const { credentials, bucket, objectName } = await temporaryBucket.open();
  return {
    body: {
      credentials: {
        AccessKeyId: credentials.accessKeyId,
        AccessKeySecret: credentials.accessKeySecret,
        SecurityToken: credentials.securityToken,
        Expiration: new Date(credentials.expiresAt).toISOString(),
      },
      ossBucket: bucket,
      objectName,
    },
  };
};
