import type { OssContext } from '../context.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';

/**
 * One operation of OSS. The bucket of the request exists, except for requests to the service and for operations that
 * create it: these must not use it.
 */
export type Operation = (request: OssRequest, bucket: BucketStore, oss: OssContext) => Promise<Reply>;
