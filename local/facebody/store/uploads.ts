import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import busboy from 'busboy';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import { hexId } from '../../http/ids.ts';
import { FaceBodyRefusal } from '../errors.ts';

/** The answer to `AuthorizeFileUpload` of the open platform. */
export interface UploadAuthorization {
  readonly AccessKeyId: string;
  readonly Bucket: string;
  readonly EncodedPolicy: string;
  readonly Endpoint: string;
  readonly ObjectKey: string;
  readonly Signature: string;
  readonly UseAccelerate: boolean;
}

/** The vendor's bucket for temporary files: `…Advance` methods upload a picture there and then send its URL. */
export interface Uploads {
  /** @param host the host and port of the request, where uploads go too */
  authorize(host: string): UploadAuthorization;
  /** Stores the file of a signed form and returns its key. */
  accept(headers: IncomingHttpHeaders, body: Buffer): Promise<{ key: string }>;
  /** Stores a picture that an operation made and returns its key. */
  publish(bytes: Buffer): string;
  /** The file under the path of a URL. */
  get(pathname: string): Buffer | undefined;
  clear(): void;
}

/** doc: temporary files live for one day. */
const LIFETIME_MS = 24 * 60 * 60 * 1000;
/** doc: pictures that operations make can be downloaded for half an hour. */
const RESULT_LIFETIME_MS = 30 * 60 * 1000;
/** guess: how long an authorization can be used. */
const AUTHORIZATION_MS = 60 * 60 * 1000;
/** The oldest files are deleted first, so that a long run does not fill the memory. */
const MAX_STORED_BYTES = 256 * 1024 * 1024;

export function createUploads({ clock, random }: { clock: Clock; random: Random }): Uploads {
  const accessKeyId = `TMP.${hexId(random, 20)}`;
  const secret = hexId(random, 40);
  const files = new Map<string, { readonly bytes: Buffer; readonly expiresAt: number }>();
  let stored = 0;

  const drop = (key: string): void => {
    stored -= files.get(key)?.bytes.length ?? 0;
    files.delete(key);
  };

  const store = (key: string, bytes: Buffer, lifetimeMs: number): void => {
    drop(key);
    files.set(key, { bytes, expiresAt: clock.now() + lifetimeMs });
    stored += bytes.length;
    for (const oldest of files.keys()) {
      if (stored <= MAX_STORED_BYTES || oldest === key) break;
      drop(oldest);
    }
  };

  const signatureOf = (policy: string) => createHmac('sha1', secret).update(policy).digest('base64');

  const checkPolicy = (form: ReadonlyMap<string, string>, key: string): void => {
    const policy = form.get('policy') ?? '';
    if (form.get('OSSAccessKeyId') !== accessKeyId || form.get('Signature') !== signatureOf(policy)) {
      throw new FaceBodyRefusal('SignatureDoesNotMatch');
    }
    const { expiration, conditions } = JSON.parse(Buffer.from(policy, 'base64').toString('utf8')) as {
      expiration: string;
      conditions: [{ key: string }];
    };
    if (Date.parse(expiration) < clock.now()) throw new FaceBodyRefusal('InvalidTimeStamp.Expired');
    if (conditions[0].key !== key) throw new FaceBodyRefusal('AuthFailed', 'The policy is for another key.');
  };

  return {
    authorize(host) {
      const key = `facebody/upload/${hexId(random, 32)}`;
      const expiration = new Date(clock.now() + AUTHORIZATION_MS).toISOString();
      const policy = Buffer.from(JSON.stringify({ expiration, conditions: [{ key }] })).toString('base64');
      return {
        AccessKeyId: accessKeyId,
        // sdk: it uploads to `<Bucket>.<Endpoint>`; without a bucket that name resolves on loopback.
        Bucket: '',
        EncodedPolicy: policy,
        Endpoint: host,
        ObjectKey: key,
        Signature: signatureOf(policy),
        UseAccelerate: false,
      };
    },
    async accept(headers, body) {
      const { fields, file } = await readMultipart(headers, body);
      const key = fields.get('key') ?? '';
      checkPolicy(fields, key);
      store(key, file, LIFETIME_MS);
      return { key };
    },
    publish(bytes) {
      const key = `facebody/result/${hexId(random, 32)}.jpg`;
      store(key, bytes, RESULT_LIFETIME_MS);
      return key;
    },
    get(pathname) {
      const key = pathname.slice(1);
      const file = files.get(key);
      if (file && file.expiresAt <= clock.now()) {
        drop(key);
        return undefined;
      }
      return file?.bytes;
    },
    clear() {
      files.clear();
      stored = 0;
    },
  };
}

function readMultipart(
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<{ fields: Map<string, string>; file: Buffer }> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, string>();
    let file: Buffer | undefined;
    const malformed = (cause?: unknown) =>
      reject(
        new FaceBodyRefusal('ParameterError', { message: 'The form of the upload is malformed.', cause }),
      );
    let parser: busboy.Busboy;
    try {
      parser = busboy({ headers, limits: { files: 1, fields: 20 } });
    } catch (error) {
      return malformed(error);
    }
    parser.on('field', (name, value) => fields.set(name, value));
    parser.on('file', (_, stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        file = Buffer.concat(chunks);
      });
    });
    parser.on('error', malformed);
    parser.on('close', () => (file ? resolve({ fields, file }) : malformed()));
    parser.end(body);
  });
}
