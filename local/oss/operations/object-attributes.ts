import { childrenOf, childText } from '../../../shared/runtime/xml.ts';
import type { OssContext } from '../context.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import { malformedXml, type OssRequest, parseDocument, readText } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectVersion, Tag } from '../store/records.ts';
import { ownerOf } from './list-objects.ts';
import { bucketOf, requestedVersion, versionHeader } from './target.ts';
import { checkTags, parseObjectAcl } from './template.ts';

export async function putObjectAcl(request: OssRequest, oss: OssContext): Promise<Reply> {
  const acl = parseObjectAcl(request.headers['x-oss-object-acl'] ?? '');
  return changeVersion(request, oss, (version) => ({ ...version, acl }), 200);
}

export async function getObjectAcl(request: OssRequest, oss: OssContext): Promise<Reply> {
  const { bucket, version } = find(request, oss);
  return xmlReply(
    'AccessControlPolicy',
    { Owner: ownerOf(bucket), AccessControlList: { Grant: version.acl } },
    { headers: versionHeader(bucket, version) },
  );
}

export async function putObjectTagging(request: OssRequest, oss: OssContext): Promise<Reply> {
  const tags = readTagging(await readText(request));
  return changeVersion(request, oss, (version) => ({ ...version, tags }), 200);
}

export async function getObjectTagging(request: OssRequest, oss: OssContext): Promise<Reply> {
  const { bucket, version } = find(request, oss);
  const tags = version.tags.map(({ key, value }) => ({ Key: key, Value: value }));
  return xmlReply('Tagging', { TagSet: { Tag: tags } }, { headers: versionHeader(bucket, version) });
}

export async function deleteObjectTagging(request: OssRequest, oss: OssContext): Promise<Reply> {
  return changeVersion(request, oss, (version) => ({ ...version, tags: [] }), 204);
}

/** Reads `<Tagging><TagSet><Tag>…` of a bucket or object. */
export function readTagging(text: string, maxTags?: number): Tag[] {
  const [set] = childrenOf(parseDocument(text, 'Tagging'), 'TagSet');
  if (!set) throw malformedXml('expected <TagSet>');
  const tags = childrenOf(set, 'Tag').map((tag) => ({
    key: childText(tag, 'Key') ?? '',
    value: childText(tag, 'Value') ?? '',
  }));
  return checkTags(tags, maxTags);
}

/** doc: such a change keeps `Last-Modified`. */
function changeVersion(
  request: OssRequest,
  oss: OssContext,
  change: (version: ObjectVersion) => ObjectVersion,
  status: number,
): Promise<Reply> {
  const bucket = bucketOf(request, oss);
  return bucket.edit(request.key, (record) => {
    const version = requestedVersion(request, record);
    return {
      versions: record!.versions.map((other) => (other === version ? change(version) : other)),
      result: { status, headers: versionHeader(bucket, version) },
    };
  });
}

function find(request: OssRequest, oss: OssContext): { bucket: BucketStore; version: ObjectVersion } {
  const bucket = bucketOf(request, oss);
  return {
    bucket,
    version: requestedVersion(request, bucket.find(request.key)),
  };
}
