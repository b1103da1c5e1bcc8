import { childrenOf, childText } from '../../../shared/runtime/xml.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import { malformedXml, type OssRequest, parseDocument, readText } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectVersion, Tag } from '../store/records.ts';
import { ownerOf } from './list-objects.ts';
import type { Operation } from './operation.ts';
import { requestedVersion, versionHeader } from './target.ts';
import { checkTags, parseObjectAcl } from './template.ts';

export const putObjectAcl: Operation = async (request, bucket) => {
  const acl = parseObjectAcl(request.headers['x-oss-object-acl'] ?? '');
  return changeVersion(request, bucket, (version) => ({ ...version, acl }), 200);
};

export const getObjectAcl: Operation = async (request, bucket) => {
  const version = requestedVersion(request, bucket.find(request.key));
  return xmlReply(
    'AccessControlPolicy',
    { Owner: ownerOf(bucket), AccessControlList: { Grant: version.acl } },
    { headers: versionHeader(bucket, version) },
  );
};

export const putObjectTagging: Operation = async (request, bucket) => {
  const tags = readTagging(await readText(request));
  return changeVersion(request, bucket, (version) => ({ ...version, tags }), 200);
};

export const getObjectTagging: Operation = async (request, bucket) => {
  const version = requestedVersion(request, bucket.find(request.key));
  const tags = version.tags.map(({ key, value }) => ({ Key: key, Value: value }));
  return xmlReply('Tagging', { TagSet: { Tag: tags } }, { headers: versionHeader(bucket, version) });
};

export const deleteObjectTagging: Operation = async (request, bucket) => {
  return changeVersion(request, bucket, (version) => ({ ...version, tags: [] }), 204);
};

/** Reads `<Tagging><TagSet><Tag>…` of a bucket or object. */
export function readTagging(text: string, check: (tags: Tag[]) => Tag[] = checkTags): Tag[] {
  const [set] = childrenOf(parseDocument(text, 'Tagging'), 'TagSet');
  if (!set) throw malformedXml('expected <TagSet>');
  const tags = childrenOf(set, 'Tag').map((tag) => ({
    key: childText(tag, 'Key') ?? '',
    value: childText(tag, 'Value') ?? '',
  }));
  return check(tags);
}

/** doc: such a change keeps `Last-Modified`. */
function changeVersion(
  request: OssRequest,
  bucket: BucketStore,
  change: (version: ObjectVersion) => ObjectVersion,
  status: number,
): Promise<Reply> {
  return bucket.edit(request.key, (record) => {
    const version = requestedVersion(request, record);
    return {
      versions: record!.versions.map((other) => (other === version ? change(version) : other)),
      result: { status, headers: versionHeader(bucket, version) },
    };
  });
}
