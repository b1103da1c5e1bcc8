import type { Credentials } from '../../shared/runtime/credentials.ts';
import { type SinkServer, startSinkServer } from './sink-server.ts';

export interface StsServer extends Pick<SinkServer, 'url' | 'close'> {
  /** Forms of all requests so far. */
  readonly forms: readonly Record<string, string>[];
  /** Answers every request with this error, until it is called without one. */
  refuse(refusal?: { readonly status: number; readonly code: string }): void;
}

/** AssumeRoleWithOIDC: a request with `token` gets the credentials of `issue`. */
export async function startStsServer(
  token: string,
  issue: () => Required<Credentials>,
  /** The service's time in milliseconds since the epoch. @default Date.now */
  now: () => number = Date.now,
): Promise<StsServer> {
  const forms: Record<string, string>[] = [];
  let refusal: { status: number; code: string } | undefined;
  const { url, close } = await startSinkServer((response, request) => {
    const query = new URL(request.path, 'http://sts').searchParams;
    const form = Object.fromEntries(new URLSearchParams(request.body.toString()));
    forms.push(form);
    const isAsked = query.get('Action') === 'AssumeRoleWithOIDC' && query.get('Version') === '2015-04-01';
    const wrong =
      isAsked && form.OIDCToken === token
        ? undefined
        : { status: 400, code: 'AuthenticationFail.OIDCToken.Invalid' };
    const answer = refusal ?? wrong;
    response.setHeader('content-type', 'application/json');
    response.setHeader('date', new Date(now()).toUTCString());
    if (answer) {
      const body = { Code: answer.code, Message: `the token is ${form.OIDCToken}`, RequestId: 'sts-1' };
      return void response.writeHead(answer.status).end(JSON.stringify(body));
    }
    const { accessKeyId, accessKeySecret, securityToken, expiresAt } = issue();
    const body = {
      Credentials: {
        AccessKeyId: accessKeyId,
        AccessKeySecret: accessKeySecret,
        SecurityToken: securityToken,
        Expiration: `${new Date(expiresAt).toISOString().slice(0, 19)}Z`,
      },
    };
    response.writeHead(200).end(JSON.stringify(body));
  });
  return {
    url: new URL(url).origin,
    close,
    forms,
    refuse(next) {
      refusal = next;
    },
  };
}
