import type { Access } from './auth/authorize.ts';
import { appendObject } from './operations/append-object.ts';
import {
  type DocumentName,
  deleteBucketTags,
  deleteDocument,
  deleteInventory,
  getDocument,
  getInventory,
  listInventories,
  putBucketTags,
  putDocument,
  putInventory,
} from './operations/bucket-documents.ts';
import * as buckets from './operations/buckets.ts';
import { copyObject } from './operations/copy-object.ts';
import { optionObject } from './operations/cors.ts';
import { deleteObject, deleteObjects } from './operations/delete-object.ts';
import { getObject, getObjectMeta } from './operations/get-object.ts';
import { listObjectVersions } from './operations/list-object-versions.ts';
import { listObjects, listObjectsV2 } from './operations/list-objects.ts';
import { listMultipartUploads } from './operations/list-uploads.ts';
import { listLiveChannels } from './operations/live-channels.ts';
import * as multipart from './operations/multipart.ts';
import * as attributes from './operations/object-attributes.ts';
import type { Operation } from './operations/operation.ts';
import { postObject } from './operations/post-object.ts';
import { processObject } from './operations/process-object.ts';
import { putObject } from './operations/put-object.ts';
import { cleanRestoredObject, restoreObject } from './operations/restore.ts';
import { getSymlink, putSymlink } from './operations/symlink.ts';

/** The source of an operation's behaviour: an official SDK's own test, the documents, or a guess. */
export type Fidelity = 'sdk' | 'doc' | 'guess';

export interface Route {
  /** The name in the API reference. */
  readonly operation: string;
  readonly level: 'service' | 'bucket' | 'object';
  readonly method: string;
  /** The sub-resources of the request; it has no others. */
  readonly query: readonly string[];
  /** Distinguishes two operations with the same method and sub-resources. */
  readonly when?: (query: ReadonlyMap<string, string>, headers: Readonly<Record<string, string>>) => boolean;
  readonly access: Access;
  /** The RAM action that allows it. */
  readonly action: string;
  readonly fidelity: Fidelity;
  /** `stored`: the configuration is stored and returned, without effect. */
  readonly state: 'full' | 'stored';
  readonly handle: Operation;
}

type Level = Route['level'];
type Options = Partial<Pick<Route, 'when' | 'state' | 'action'>>;

const isCopy: Route['when'] = (_, headers) => headers['x-oss-copy-source'] !== undefined;
const isVersion2: Route['when'] = (query) => query.get('list-type') === '2';

/** All operations. Of several rows that fit, the first counts. */
// biome-ignore format: a table
export const ROUTES: readonly Route[] = [
  route('ListBuckets',             'service', 'GET /',                                 'account', 'sdk', buckets.listBuckets),
  route('ListBuckets',             'service', 'GET /?tagging',                         'account', 'sdk', buckets.listBuckets),
  route('DescribeRegions',         'service', 'GET /?regions',                         'account', 'doc', buckets.describeRegions),
  route('PutBucket',               'bucket',  'PUT /',                                 'account', 'sdk', buckets.putBucket),
  route('DeleteBucket',            'bucket',  'DELETE /',                              'own',     'sdk', buckets.deleteBucket),
  route('ListObjectsV2',           'bucket',  'GET /',                                 'read',    'sdk', listObjectsV2, { when: isVersion2, action: 'oss:ListObjects' }),
  route('ListObjectsV2',           'bucket',  'GET /?continuation-token',              'read',    'sdk', listObjectsV2, { when: isVersion2, action: 'oss:ListObjects' }),
  route('ListObjects',             'bucket',  'GET /',                                 'read',    'sdk', listObjects),
  route('ListObjectVersions',      'bucket',  'GET /?versions',                        'read',    'sdk', listObjectVersions),
  route('ListMultipartUploads',    'bucket',  'GET /?uploads',                         'own',     'sdk', listMultipartUploads),
  route('DeleteMultipleObjects',   'bucket',  'POST /?delete',                         'anyone',  'sdk', deleteObjects, { action: 'oss:DeleteObject' }),
  route('PostObject',              'bucket',  'POST /',                                'anyone',  'sdk', postObject, { action: 'oss:PutObject' }),
  route('GetBucketInfo',           'bucket',  'GET /?bucketInfo',                      'own',     'sdk', buckets.getBucketInfo),
  route('GetBucketLocation',       'bucket',  'GET /?location',                        'own',     'sdk', buckets.getBucketLocation),
  route('GetBucketStat',           'bucket',  'GET /?stat',                            'own',     'sdk', buckets.getBucketStat),
  route('PutBucketAcl',            'bucket',  'PUT /?acl',                             'own',     'sdk', buckets.putBucketAcl),
  route('GetBucketAcl',            'bucket',  'GET /?acl',                             'own',     'sdk', buckets.getBucketAcl),
  route('PutBucketVersioning',     'bucket',  'PUT /?versioning',                      'own',     'sdk', buckets.putBucketVersioning),
  route('ListLiveChannel',         'bucket',  'GET /?live',                            'own',     'doc', listLiveChannels),
  route('GetBucketVersioning',     'bucket',  'GET /?versioning',                      'own',     'sdk', buckets.getBucketVersioning),
  ...documentRoutes('Cors', 'cors', 'full'),
  ...documentRoutes('Referer', 'referer', 'full'),
  ...documentRoutes('Policy', 'policy', 'full'),
  ...documentRoutes('Lifecycle', 'lifecycle', 'stored'),
  ...documentRoutes('Website', 'website', 'stored'),
  ...documentRoutes('Logging', 'logging', 'stored'),
  ...documentRoutes('Encryption', 'encryption', 'stored'),
  route('PutBucketRequestPayment', 'bucket',  'PUT /?requestPayment',                  'own',     'sdk', putDocument('requestPayment'), { state: 'stored' }),
  route('GetBucketRequestPayment', 'bucket',  'GET /?requestPayment',                  'own',     'sdk', getDocument('requestPayment'), { state: 'stored' }),
  route('PutBucketTags',           'bucket',  'PUT /?tagging',                         'own',     'sdk', putBucketTags),
  route('GetBucketTags',           'bucket',  'GET /?tagging',                         'own',     'sdk', getDocument('tagging')),
  route('DeleteBucketTags',        'bucket',  'DELETE /?tagging',                      'own',     'sdk', deleteBucketTags),
  route('PutBucketInventory',      'bucket',  'PUT /?inventory&inventoryId',           'own',     'sdk', putInventory, { state: 'stored' }),
  route('GetBucketInventory',      'bucket',  'GET /?inventory&inventoryId',           'own',     'sdk', getInventory, { state: 'stored' }),
  route('ListBucketInventory',     'bucket',  'GET /?inventory',                       'own',     'sdk', listInventories, { state: 'stored' }),
  route('ListBucketInventory',     'bucket',  'GET /?inventory&continuation-token',    'own',     'sdk', listInventories, { state: 'stored' }),
  route('DeleteBucketInventory',   'bucket',  'DELETE /?inventory&inventoryId',        'own',     'sdk', deleteInventory, { state: 'stored' }),
  route('CopyObject',              'object',  'PUT /',                                 'write',   'sdk', copyObject, { when: isCopy, action: 'oss:PutObject' }),
  route('PutObject',               'object',  'PUT /',                                 'write',   'sdk', putObject),
  route('GetObject',               'object',  'GET /',                                 'read',    'sdk', getObject),
  route('HeadObject',              'object',  'HEAD /',                                'read',    'sdk', getObject, { action: 'oss:GetObject' }),
  route('GetObjectMeta',           'object',  'HEAD /?objectMeta',                     'read',    'sdk', getObjectMeta, { action: 'oss:GetObject' }),
  route('DeleteObject',            'object',  'DELETE /',                              'write',   'sdk', deleteObject),
  // sdk: Python deletes a link with its sub-resource; the service ignores it.
  route('DeleteObject',            'object',  'DELETE /?symlink',                      'write',   'sdk', deleteObject),
  route('HeadBucket',              'bucket',  'HEAD /',                                'own',     'doc', buckets.headBucket, { action: 'oss:GetBucketInfo' }),
  route('AppendObject',            'object',  'POST /?append&position',                'write',   'sdk', appendObject, { action: 'oss:PutObject' }),
  route('PutObjectAcl',            'object',  'PUT /?acl',                             'own',     'sdk', attributes.putObjectAcl),
  route('GetObjectAcl',            'object',  'GET /?acl',                             'own',     'sdk', attributes.getObjectAcl),
  route('PutObjectTagging',        'object',  'PUT /?tagging',                         'own',     'sdk', attributes.putObjectTagging),
  route('GetObjectTagging',        'object',  'GET /?tagging',                         'own',     'sdk', attributes.getObjectTagging),
  route('DeleteObjectTagging',     'object',  'DELETE /?tagging',                      'own',     'sdk', attributes.deleteObjectTagging),
  route('PutSymlink',              'object',  'PUT /?symlink',                         'write',   'sdk', putSymlink, { action: 'oss:PutObject' }),
  route('GetSymlink',              'object',  'GET /?symlink',                         'read',    'sdk', getSymlink, { action: 'oss:GetObject' }),
  route('RestoreObject',           'object',  'POST /?restore',                        'own',     'sdk', restoreObject),
  route('CleanRestoredObject',     'object',  'POST /?cleanRestoredObject',            'own',     'doc', cleanRestoredObject),
  route('ProcessObject',           'object',  'POST /?x-oss-process',                  'read',    'sdk', processObject, { action: 'oss:GetObject' }),
  route('InitiateMultipartUpload', 'object',  'POST /?uploads',                        'write',   'sdk', multipart.initiateMultipartUpload, { action: 'oss:PutObject' }),
  route('UploadPartCopy',          'object',  'PUT /?partNumber&uploadId',             'write',   'sdk', multipart.uploadPartCopy, { when: isCopy, action: 'oss:PutObject' }),
  route('UploadPart',              'object',  'PUT /?partNumber&uploadId',             'write',   'sdk', multipart.uploadPart, { action: 'oss:PutObject' }),
  route('CompleteMultipartUpload', 'object',  'POST /?uploadId',                       'write',   'sdk', multipart.completeMultipartUpload, { action: 'oss:PutObject' }),
  route('AbortMultipartUpload',    'object',  'DELETE /?uploadId',                     'write',   'sdk', multipart.abortMultipartUpload),
  route('ListParts',               'object',  'GET /?uploadId',                        'own',     'sdk', multipart.listParts),
  route('OptionObject',            'bucket',  'OPTIONS /',                             'anyone',  'doc', optionObject, { action: '' }),
  route('OptionObject',            'object',  'OPTIONS /',                             'anyone',  'doc', optionObject, { action: '' }),
];

function documentRoutes(title: string, name: DocumentName, state: Route['state']): Route[] {
  return [
    route(`PutBucket${title}`, 'bucket', `PUT /?${name}`, 'own', 'sdk', putDocument(name), { state }),
    route(`GetBucket${title}`, 'bucket', `GET /?${name}`, 'own', 'sdk', getDocument(name), { state }),
    route(`DeleteBucket${title}`, 'bucket', `DELETE /?${name}`, 'own', 'sdk', deleteDocument(name), {
      state,
    }),
  ];
}

function route(
  operation: string,
  level: Level,
  target: string,
  access: Access,
  fidelity: Fidelity,
  handle: Route['handle'],
  options: Options = {},
): Route {
  const [method = '', path = ''] = target.split(' ');
  const query = path
    .slice(2)
    .split('&')
    .filter((name) => name !== '');
  return {
    operation,
    level,
    method,
    query,
    access,
    action: `oss:${operation}`,
    fidelity,
    state: 'full',
    handle,
    ...options,
  };
}
