import { Readable } from 'node:stream';
import busboy from 'busboy';
import { writeXml } from '../../../shared/runtime/xml.ts';
import { authorize } from '../auth/authorize.ts';
import { checkFormSignature, checkPolicy } from '../auth/post-policy.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { checkKey } from '../names.ts';
import { readCallback, withCallback } from './callback.ts';
import type { Operation } from './operation.ts';
import { uploadHeaders } from './put-object.ts';
import { templateOf } from './template.ts';
import { createdChange, MAX_UPLOAD_BYTES, writeBlob } from './write-object.ts';

interface Form {
  /** The fields before the file; names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: Readable;
  readonly fileName: string;
  readonly fileType: string;
}

/** An upload by a browser's form, whose signature covers a policy instead of the request. */
export const postObject: Operation = async (request, bucket, oss) => {
  const form = await readForm(request);
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is wire data
    const key = form.fields.get('key')?.replaceAll('${filename}', form.fileName);
    if (!key) throw invalidArgument('key', '', 'Bucket POST must contain a field named key.');
    checkKey(key);
    const caller = checkFormSignature(form.fields, oss.keyring);
    const sizes = checkPolicy(form.fields, {
      bucket: request.bucket,
      key,
      contentType: form.fileType,
      time: request.time,
    });
    const upload: OssRequest = { ...request, key, caller, headers: headersOf(form, request) };
    authorize(upload, { access: 'write', action: 'oss:PutObject' }, bucket);
    readCallback(upload);
    const template = templateOf(upload.headers, bucket);

    const blob = await bucket.write(key, bytesOf(form), (size) => {
      if (size > Math.min(sizes.max, MAX_UPLOAD_BYTES)) throw new OssRefusal('EntityTooLarge');
    });
    if (blob.segment.size < sizes.min) {
      await bucket.discard([blob.segment]);
      throw new OssRefusal('EntityTooSmall');
    }
    const written = await writeBlob(upload, oss, bucket, template, blob);
    return withCallback(upload, oss, written.version, (xVars) => ({
      ...successReply(form.fields, upload, written.version.etag),
      changes: [createdChange(upload, bucket, 'PostObject', written, { xVars })],
    })).then((reply) => ({
      ...reply,
      headers: { ...uploadHeaders(bucket, written.version), ...reply.headers },
    }));
  } finally {
    // The rest of the form is read and discarded, so that the answer reaches a client that is still sending.
    form.file.resume();
  }
};

/** A form that ends within its file fails when the file is read. */
async function* bytesOf({ file }: Form): AsyncGenerator<Uint8Array> {
  try {
    yield* file;
  } catch (cause) {
    throw new OssRefusal('MalformedPOSTRequest', { cause });
  }
}

/** doc: a redirect, or the requested status, or 204; 201 has a document. */
function successReply(
  fields: ReadonlyMap<string, string>,
  { bucket, key, headers }: OssRequest,
  etag: string,
): Reply {
  const redirect = fields.get('success_action_redirect');
  const location = `http://${headers.host}/${encodeURIComponent(key).replaceAll('%2F', '/')}`;
  if (redirect && URL.canParse(redirect)) {
    const url = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag: `"${etag}"` }))
      url.searchParams.set(name, value);
    // guess: 303, the status that makes a client send a GET.
    return { status: 303, headers: { location: url.href } };
  }
  const status = fields.get('success_action_status');
  if (status === '201') {
    const body = writeXml('PostResponse', {
      Bucket: bucket,
      Location: location,
      Key: key,
      ETag: `"${etag}"`,
    });
    return { status: 201, headers: { 'content-type': 'application/xml', location }, body };
  }
  return { status: status === '200' ? 200 : 204 };
}

/** The form's fields as headers; variables of a callback are fields of the form. */
function headersOf({ fields, fileType }: Form, request: OssRequest): Record<string, string> {
  const { host = '', origin } = request.headers;
  const headers: Record<string, string> = { host, ...(origin !== undefined && { origin }) };
  const variables: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (name.startsWith('x:')) variables[name] = value;
    else headers[name] = value;
  }
  headers['content-type'] = fields.get('x-oss-content-type') ?? fields.get('content-type') ?? fileType;
  const callback = fields.get('callback');
  if (callback !== undefined) {
    headers['x-oss-callback'] = callback;
    headers['x-oss-callback-var'] = Buffer.from(JSON.stringify(variables)).toString('base64');
  }
  return headers;
}

const LIMITS = {
  fields: 100,
  fieldNameSize: 1024,
  fieldSize: 1024 * 1024,
  files: 1,
  parts: 101,
  headerPairs: 100,
};

/** Resolves when the file begins; doc: the file is the last part. */
function readForm(request: OssRequest): Promise<Form> {
  return new Promise((resolve, reject) => {
    const malformed = (cause: unknown) => reject(new OssRefusal('MalformedPOSTRequest', { cause }));
    const fields = new Map<string, string>();
    let parser: busboy.Busboy;
    try {
      // One character per byte, because a field may turn out to be a file.
      const charsets = { defParamCharset: 'utf8', defCharset: 'latin1' };
      parser = busboy({ headers: { ...request.headers }, limits: LIMITS, ...charsets });
    } catch (error) {
      return malformed(error);
    }
    parser.on('field', (name, value, { mimeType, valueTruncated }) => {
      const field = name.toLowerCase();
      const bytes = Buffer.from(value, 'latin1');
      if (valueTruncated) reject(new OssRefusal(field === 'file' ? 'EntityTooLarge' : 'FieldItemTooLong'));
      // sdk: a part named `file` is the file, even without a file name; the parser reports it as a field.
      else if (field === 'file')
        resolve({ fields, file: Readable.from([bytes]), fileName: '', fileType: mimeType });
      else fields.set(field, bytes.toString('utf8'));
    });
    parser.on('file', (name, file, { filename, mimeType }) => {
      // The reader of the file sees a broken connection.
      file.on('error', () => {});
      if (name.toLowerCase() === 'file')
        return resolve({ fields, file, fileName: filename ?? '', fileType: mimeType });
      file.resume();
      reject(invalidArgument(name, filename ?? '', 'The file must be in a field named file.'));
    });
    parser.on('error', malformed);
    parser.on('close', () =>
      reject(invalidArgument('file', '', 'POST requires exactly one file upload per request.')),
    );
    Readable.from(request.body)
      .on('error', (error) => parser.destroy(error))
      .pipe(parser);
  });
}
