import { createOssClient } from '../../shared/oss/client.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Credentials, staticCredentials } from '../../shared/runtime/credentials.ts';
import { toAppError } from '../../shared/runtime/errors.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { Account } from '../access/account.ts';
import type { Sts } from '../access/sts.ts';
import { FcRefusal } from './errors.ts';

/** Where clients upload code: a bucket of the platform, which no list of the account's buckets shows. */
export interface TemporaryBucket {
  /** A place for one object, and keys that may write it and nothing else. */
  open(): Promise<{ bucket: string; objectName: string; credentials: Required<Credentials> }>;
  /** The code at an address; what was uploaded here is deleted then. Throws `InvalidArgument` if it is not there. */
  fetch(bucket: string, key: string): Promise<Buffer>;
}

export interface TemporaryBucketOptions {
  readonly ossUrl: string;
  readonly region: string;
  /** The account of the functions, whose own buckets may hold code too. */
  readonly account: Account;
  /** The account that owns the bucket. */
  readonly platform: Account;
  readonly sts: Pick<Sts, 'issue'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** doc: keys live half an hour. */
const KEYS_MS = 30 * 60_000;

export function createTemporaryBucket(options: TemporaryBucketOptions): TemporaryBucket {
  const { ossUrl: endpoint, region, account, platform, sts, clock, random } = options;
  const bucket = `fc-code-${region}`;
  const clientOf = (credentials: Account) =>
    createOssClient({
      endpoint,
      region,
      credentials: staticCredentials(credentials),
      clock,
      random,
      timeoutMs: 60_000,
    });
  const withClient = async <T>(owner: Account, work: (client: ReturnType<typeof clientOf>) => Promise<T>) => {
    const client = clientOf(owner);
    try {
      return await work(client);
    } finally {
      client.close();
    }
  };
  /** Objects that were read, and when. A client may repeat its request, so they stay for as long as the keys live. */
  const read = new Map<string, number>();
  const outdated = () => [...read].filter(([, at]) => clock.now() - at > KEYS_MS).map(([key]) => key);

  return {
    async open() {
      await withClient(platform, async (client) => {
        // It exists already, unless the cloud is new or was reset.
        await client.createBucket(bucket);
        for (const key of outdated()) {
          await client.bucket(bucket).delete(key);
          read.delete(key);
        }
      });
      const objectName = `code-${clock.now()}-${Math.floor(random() * 1e9)}`;
      const resource = `${bucket}/${account.accountId}/`;
      const credentials = sts.issue({
        accountId: platform.accountId,
        durationMs: KEYS_MS,
        permits: (question) =>
          /^oss:(PutObject|InitiateMultipartUpload|AbortMultipartUpload|ListParts)$/.test(question.action) &&
          question.resource.includes(`:${resource}`),
      });
      return { bucket, objectName, credentials };
    },
    fetch: (from, key) =>
      withClient(from === bucket ? platform : account, async (client) => {
        try {
          const { body } = await client.bucket(from).get(key);
          const bytes = Buffer.concat(await body.toArray());
          if (from === bucket) read.set(key, clock.now());
          return bytes;
        } catch (error) {
          const { message } = toAppError(error);
          throw new FcRefusal('InvalidArgument', {
            message: `code: oss://${from}/${key}: ${message}`,
            cause: error,
          });
        }
      }),
  };
}
