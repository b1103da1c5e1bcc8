import { Readable } from 'node:stream';
import OSS from 'ali-oss';
import { assertKey } from '../../shared/oss/key.ts';
import { normalizeContentType, normalizeMetadata } from '../../shared/oss/metadata.ts';
import type { ObjectHead, ObjectStore } from '../../shared/oss/object-store.ts';
import { rangeHeader } from '../../shared/oss/range.ts';
import { assertNotAborted } from '../../shared/runtime/abort.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import { AppError, type ErrorCode } from '../../shared/runtime/errors.ts';
import { objectAlreadyExists } from './memory-store.ts';

export interface AliOssOptions {
  /** `http://localhost:<port>`. With an IP address, the SDK leaves the bucket out of the URL. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly version: 'V1' | 'V4';
}

type Headers = Readonly<Record<string, string>>;

export function createAliOss({ endpoint, region, credentials, version }: AliOssOptions): OSS {
  return new OSS({
    endpoint,
    sldEnable: true,
    region: `oss-${region}`,
    accessKeyId: credentials.accessKeyId,
    accessKeySecret: credentials.accessKeySecret,
    authorizationV4: version === 'V4',
    headerEncoding: 'latin1', // the default sends only ASCII
  } as OSS.Options);
}

/**
 * The official SDK as an `ObjectStore`, to test the local server with an independent client. The SDK has no abort
 * signals, guesses content types, and does not decode keys.
 */
export function createAliOssStore(sdk: OSS, bucket: string, listPageSize: number): ObjectStore {
  sdk.useBucket(bucket);
  const subresources = (versionId: string | undefined) => (versionId === undefined ? {} : { versionId });

  return {
    bucket,

    async head(key, { versionId, signal } = {}) {
      assertNotAborted(signal, 'head');
      assertKey(key);
      try {
        const { res } = await call(key, () => sdk.head(key, { subres: subresources(versionId) } as object));
        return toHead(key, res.headers as Headers);
      } catch (error) {
        if (error instanceof AppError && error.code === 'NoSuchKey') return undefined;
        throw error;
      }
    },

    async get(key, { versionId, range, signal } = {}) {
      assertNotAborted(signal, 'get');
      assertKey(key);
      const headers = range && { Range: rangeHeader(range), 'x-oss-range-behavior': 'standard' };
      const { stream, res } = await call(key, () =>
        sdk.getStream(key, { subres: subresources(versionId), headers } as object),
      );
      return { head: toHead(key, (res as { headers: Headers }).headers), body: stream as Readable };
    },

    async put(key, body, { contentType, metadata, forbidOverwrite, signal } = {}) {
      assertNotAborted(signal, 'put');
      assertKey(key);
      const options = {
        mime: normalizeContentType(contentType),
        meta: normalizeMetadata(metadata) as never,
        headers: forbidOverwrite ? { 'x-oss-forbid-overwrite': 'true' } : {},
      };
      const { res } = await call(key, () =>
        body instanceof Readable
          ? sdk.putStream(key, body, options as never)
          : sdk.put(key, Buffer.from(body), options),
      );
      const headers = res.headers as Headers;
      return { etag: unquote(headers.etag), requestId: headers['x-oss-request-id'] ?? '' };
    },

    async delete(key, { signal } = {}) {
      assertNotAborted(signal, 'delete');
      assertKey(key);
      await call(key, () => sdk.delete(key));
    },

    async *list({ prefix = '', after = '', signal } = {}) {
      let token: string | undefined;
      do {
        assertNotAborted(signal, 'list');
        // Without empty values, for which the SDK signs `prefix=` and OSS signs `prefix`.
        const query = {
          prefix,
          ...(after && { 'start-after': after }),
          'max-keys': String(listPageSize),
          'encoding-type': 'url',
          ...(token !== undefined && { 'continuation-token': token }),
        };
        const page = await call('', () => sdk.listV2(query as never, {}));
        for (const object of page.objects ?? [])
          yield {
            key: decodeURIComponent(object.name),
            size: object.size,
            etag: unquote(object.etag),
            lastModified: Date.parse(object.lastModified),
          };
        token = page.nextContinuationToken || undefined;
      } while (token !== undefined);
    },
  };

  async function call<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === 'FileAlreadyExists') throw objectAlreadyExists(bucket, key);
      throw new AppError(CODES[code ?? ''] ?? 'InvalidRequest', String(error), {
        cause: error,
        details: { bucket, key },
      });
    }
  }
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'NoSuchKey',
  NoSuchVersion: 'NoSuchKey',
  NoSuchBucket: 'NoSuchBucket',
};

function toHead(key: string, headers: Headers): ObjectHead {
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-oss-meta-'))
    .map(([name, value]) => [
      name.slice('x-oss-meta-'.length),
      Buffer.from(value, 'latin1').toString('utf8'),
    ]);
  return {
    key,
    size: Number(headers['content-range']?.split('/')[1] ?? headers['content-length']),
    etag: unquote(headers.etag),
    lastModified: Date.parse(headers['last-modified'] ?? ''),
    contentType: headers['content-type'] ?? '',
    metadata: Object.fromEntries(metadata),
  };
}

function unquote(etag = ''): string {
  return etag.replaceAll('"', '');
}
