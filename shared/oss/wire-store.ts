import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { AppError, isAppError } from '../runtime/errors.ts';
import { type HttpResponse, readBody } from '../runtime/http.ts';
import { assertKey } from './key.ts';
import { normalizeContentType, normalizeMetadata } from './metadata.ts';
import type { ObjectHead, ObjectStore, PutOptions } from './object-store.ts';
import { rangeHeader } from './range.ts';
import type { OssRequests } from './requests.ts';
import type { QueryPair } from './signature-v4.ts';

export interface WireStoreOptions {
  readonly requests: OssRequests;
  readonly bucket: string;
  readonly region: string;
  /** Keys per request of a listing. */
  readonly listPageSize: number;
}

/** One bucket over HTTP. Its connections belong to the client. */
export function createWireStore({ requests, bucket, region, listPageSize }: WireStoreOptions): ObjectStore {
  const at = (key: string) => {
    assertKey(key);
    return { region, bucket, key };
  };

  return {
    bucket,

    async head(key, { versionId, signal } = {}) {
      const request = { ...at(key), method: 'HEAD', query: versionQuery(versionId), signal } as const;
      try {
        const response = await requests.send(request);
        await readBody(response);
        return toHead(key, response);
      } catch (error) {
        if (isAppError(error, 'NoSuchKey')) return undefined;
        throw error;
      }
    },

    async get(key, { versionId, range, signal } = {}) {
      // Without the second header, OSS answers a range that ends beyond the object with the whole object.
      const headers = range && { range: rangeHeader(range), 'x-oss-range-behavior': 'standard' };
      const request = { ...at(key), method: 'GET', query: versionQuery(versionId), headers, signal } as const;
      const response = await requests.send(request);
      return {
        head: toHead(key, response),
        body: checkedBody(response, `get of ${bucket}/${key}`, signal),
      };
    },

    async put(key, body, { signal, ...options } = {}) {
      const headers = putHeaders(body, options);
      const response = await requests.send({ ...at(key), method: 'PUT', headers, body, signal });
      await readBody(response);
      return {
        etag: etagOf(response),
        requestId: response.headers['x-oss-request-id'] ?? '',
        versionId: response.headers['x-oss-version-id'],
      };
    },

    async delete(key, { signal } = {}) {
      try {
        await readBody(await requests.send({ ...at(key), method: 'DELETE', signal }));
      } catch (error) {
        if (!isAppError(error, 'NoSuchKey')) throw error;
      }
    },

    async *list(options = {}) {
      const { listObjects } = await import('./list.ts');
      yield* listObjects(requests, { ...options, region, bucket, pageSize: listPageSize });
    },
  };
}

function putHeaders(
  body: Uint8Array | Readable,
  { contentType, metadata, forbidOverwrite }: PutOptions,
): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': normalizeContentType(contentType) };
  if (body instanceof Uint8Array) headers['content-md5'] = createHash('md5').update(body).digest('base64');
  if (forbidOverwrite) headers['x-oss-forbid-overwrite'] = 'true';
  for (const [name, value] of Object.entries(normalizeMetadata(metadata)))
    headers[`x-oss-meta-${name}`] = value;
  return headers;
}

/** Passes the bytes on, and fails when fewer arrive than were announced. */
function checkedBody(
  { headers, body }: HttpResponse,
  what: string,
  signal: AbortSignal | undefined,
): Readable {
  const expected = Number(headers['content-length']); // toHead has checked that it exists
  let received = 0;
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(received === expected ? null : bodyMismatch(what, expected, received));
    },
  });
  body.once('error', (error) => {
    if (signal?.aborted) checked.destroy(new AppError('Aborted', `${what}: stopped`));
    else checked.destroy(isAppError(error) ? error : bodyMismatch(what, expected, received, error));
  });
  // A caller that stops reading frees the connection at once.
  checked.once('close', () => body.destroy());
  return body.pipe(checked);
}

function bodyMismatch(what: string, expected: number, received: number, cause?: unknown): AppError {
  return new AppError('BodyMismatch', `${what}: expected ${expected} bytes, got ${received}`, {
    details: { expected, received },
    cause,
  });
}

function toHead(key: string, response: HttpResponse): ObjectHead {
  const { headers } = response;
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('x-oss-meta-')) metadata[name.slice('x-oss-meta-'.length)] = value;
  const length = required(response, 'content-length');
  return {
    key,
    size: Number(headers['content-range']?.split('/')[1] ?? length),
    etag: etagOf(response),
    lastModified: Date.parse(required(response, 'last-modified')),
    contentType: headers['content-type'] ?? 'application/octet-stream',
    versionId: headers['x-oss-version-id'],
    metadata,
  };
}

function etagOf(response: HttpResponse): string {
  return required(response, 'etag').replaceAll('"', '').toUpperCase();
}

/** OSS always sends these headers. An answer without them comes from something else, such as a proxy. */
function required({ headers, body }: HttpResponse, name: string): string {
  const value = headers[name];
  if (value !== undefined) return value;
  body.destroy();
  throw new AppError('ServiceUnavailable', `the answer has no ${name} header`, {
    details: { requestId: headers['x-oss-request-id'] },
  });
}

function versionQuery(versionId: string | undefined): QueryPair[] {
  return versionId === undefined ? [] : [['versionId', versionId]];
}
