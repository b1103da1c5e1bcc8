import { createHttpClient, readBody } from '../../../shared/runtime/http.ts';
import { parseJson } from '../../http/decode.ts';
import type { OssContext } from '../context.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import { errorReply, type Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { ObjectVersion } from '../store/records.ts';

interface Callback {
  readonly urls: readonly string[];
  readonly host?: string;
  readonly body: string;
  readonly type: string;
  /** `x:name` to value. */
  readonly variables: Readonly<Record<string, string>>;
}

/** doc: the application must answer within five seconds, with at most 1 MB. */
const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_URLS = 5;

/**
 * Answers an upload; if it asks for a callback, with the application's answer. The object is stored in any case: a failed
 * callback is answered with 203.
 *
 * doc: the real service signs the call with its own secret key; this server does not sign it.
 */
export async function withCallback(
  request: OssRequest,
  oss: OssContext,
  version: ObjectVersion,
  answer: (variables: Callback['variables'] | undefined) => Reply,
): Promise<Reply> {
  const callback = readCallback(request);
  const reply = answer(callback?.variables);
  if (!callback) return reply;
  const { signal, release } = stopAfter(oss, TIMEOUT_MS);
  try {
    const body = await call(callback, request, version, oss, signal);
    return { ...reply, status: 200, headers: { ...reply.headers, 'content-type': 'application/json' }, body };
  } catch (thrown) {
    const error = thrown instanceof OssRefusal ? thrown : new OssRefusal('CallbackFailed', { cause: thrown });
    const failure = errorReply(error, {
      requestId: request.id,
      host: request.headers.host ?? '',
      head: false,
    });
    return { ...failure, headers: { ...reply.headers, ...failure.headers }, changes: reply.changes ?? [] };
  } finally {
    release();
  }
}

/** Read before any byte is stored, so that an upload with a malformed callback stores nothing. */
export function readCallback({ headers, query }: OssRequest): Callback | undefined {
  const encoded = headers['x-oss-callback'] ?? query.get('callback') ?? query.get('x-oss-callback');
  if (encoded === undefined) return undefined;
  const fields = decodeJson('callback', encoded);
  const variables =
    headers['x-oss-callback-var'] ?? query.get('callback-var') ?? query.get('x-oss-callback-var');
  const { callbackUrl, callbackHost, callbackBody, callbackBodyType } = fields;
  if (!callbackUrl || !callbackBody) {
    throw invalidArgument('callback', '', 'The callback configuration needs callbackUrl and callbackBody.');
  }
  const urls = callbackUrl.split(';').slice(0, MAX_URLS).map(withScheme);
  if (!urls.every((url) => /^https?:\/\/\S+$/.test(url) && URL.canParse(url))) {
    throw invalidArgument('callback', callbackUrl, 'The callbackUrl is not a URL.');
  }
  return {
    urls,
    host: callbackHost || undefined,
    body: callbackBody,
    type: callbackBodyType ?? 'application/x-www-form-urlencoded',
    variables: variables === undefined ? {} : decodeJson('callback-var', variables),
  };
}

/** doc: the examples name hosts without a scheme. */
function withScheme(url: string): string {
  return /^https?:\/\//.test(url) ? url : `http://${url}`;
}

async function call(
  { urls, host, body, type, variables }: Callback,
  request: OssRequest,
  version: ObjectVersion,
  oss: OssContext,
  signal: AbortSignal,
): Promise<Buffer> {
  const json = type === 'application/json';
  const values: Record<string, string> = {
    bucket: request.bucket,
    object: request.key,
    etag: version.etag,
    size: String(version.size),
    mimeType: version.headers['content-type'] ?? '',
    ...variables,
  };
  const filled = body.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
    return json ? JSON.stringify(value) : encodeURIComponent(value);
  });
  const client = createHttpClient({ maxSockets: 1 });
  let failure = 'no address answered';
  try {
    for (const url of urls) {
      const headers = { 'content-type': type, 'user-agent': 'http-client/0.0.1', ...(host && { host }) };
      const bytes = Buffer.from(filled);
      const response = await client
        .send({
          method: 'POST',
          url: new URL(url),
          headers: { ...headers, 'content-length': String(bytes.length) },
          body: bytes,
          timeoutMs: TIMEOUT_MS,
          signal,
        })
        .catch((error: unknown) => {
          oss.logger.debug({ requestId: request.id, cause: String(error) }, 'callback failed');
          return undefined;
        });
      if (!response) continue;
      const answer = await readBody(response, MAX_ANSWER_BYTES);
      if (response.status === 200) return checkJson(answer);
      failure = `Error status : ${response.status}.`;
    }
  } finally {
    client.close();
  }
  throw new OssRefusal('CallbackFailed', { message: failure });
}

function checkJson(answer: Buffer): Buffer {
  parseJson(
    answer.toString('utf8'),
    () => new OssRefusal('CallbackFailed', 'Response body is not valid json format.'),
  );
  return answer;
}

/** Base64 of a JSON object; its values are converted to text. */
function decodeJson(name: string, encoded: string): Record<string, string> {
  const refuse = (cause?: unknown) => {
    const message = `The ${name} configuration is not Base64 of a JSON object.`;
    return new OssRefusal('InvalidArgument', { message, elements: { ArgumentName: name }, cause });
  };
  const fields = parseJson(Buffer.from(encoded, 'base64').toString('utf8'), refuse);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw refuse();
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]));
}

function stopAfter({ clock }: OssContext, ms: number): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const release = clock.after(ms, () => controller.abort(new OssRefusal('CallbackFailed')));
  return { signal: controller.signal, release };
}
