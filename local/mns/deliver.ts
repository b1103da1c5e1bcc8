import { sign } from 'node:crypto';
import { stringToSignMnsV2 } from '../../shared/mns/signature.ts';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { type HttpClient, readBody } from '../../shared/runtime/http.ts';
import { hexId } from '../http/ids.ts';
import { parseEndpoint } from './endpoints.ts';
import { wrap } from './envelopes.ts';
import type { Deliver } from './push.ts';
import type { Queues } from './queues.ts';
import type { SigningIdentity } from './signing-identity.ts';
import type { Push, SubscriptionRecord } from './store/records.ts';
import { md5Of } from './wire.ts';

/** doc: an endpoint has to answer within 5 s. */
const TIMEOUT_MS = 5000;

interface DeliverDeps extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly queues: Queues;
  readonly http: HttpClient;
  readonly identity: () => Promise<SigningIdentity>;
  readonly certificateUrl: () => string;
  readonly owner: { readonly region: string; readonly accountId: string };
}

/** Delivers into the subscriber's queue, or to its HTTP endpoint with the signature of this server. */
export function createDeliver(deps: DeliverDeps): Deliver {
  const { queues, owner } = deps;
  return async (push, subscription) => {
    const endpoint = parseEndpoint(subscription.settings.endpoint, owner);
    const body = wrap(push, subscription, owner.accountId);
    if (endpoint.kind === 'http') {
      await post(endpoint.url, body, push, subscription, deps);
    } else {
      await queues.send(endpoint.queue, [{ body }]);
    }
  };
}

async function post(
  url: URL,
  body: string,
  push: Push,
  subscription: SubscriptionRecord,
  { http, identity, certificateUrl, clock, random, owner }: DeliverDeps,
): Promise<void> {
  const { privateKey } = await identity();
  const simplified = subscription.settings.notifyContentFormat === 'SIMPLIFIED';
  const headers: Record<string, string> = {
    'user-agent': 'Aliyun Notification Service Agent',
    // guess: the type for JSON; the documents name those for XML and SIMPLIFIED.
    'content-type':
      subscription.settings.notifyContentFormat === 'XML'
        ? 'text/xml;charset=utf-8'
        : 'text/plain;charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    // doc: Base64 of the hexadecimal digest; captured requests have the digest itself, in upper case.
    'content-md5': md5Of(body),
    date: new Date(clock.now()).toUTCString(),
    'x-mns-request-id': hexId(random, 24),
    'x-mns-version': '2015-06-06',
    'x-mns-signing-cert-url': Buffer.from(certificateUrl()).toString('base64'),
    ...(simplified && {
      'x-mns-message-id': push.messageId,
      ...(push.tag && { 'x-mns-message-tag': push.tag }),
      'x-mns-publish-time': String(push.publishTime),
      'x-mns-subscriber': owner.accountId,
      'x-mns-subscription-name': subscription.name,
      'x-mns-topic-name': subscription.topic,
      'x-mns-topic-owner': owner.accountId,
    }),
  };
  const text = stringToSignMnsV2({ method: 'POST', headers, target: `${url.pathname}${url.search}` });
  headers.authorization = sign('sha1', Buffer.from(text), privateKey).toString('base64');
  const request = { method: 'POST', url, headers, body: Buffer.from(body), timeoutMs: TIMEOUT_MS };
  const response = await http.send(request);
  await readBody(response);
  if (response.status < 200 || response.status > 299) {
    throw new AppError('ServiceUnavailable', `endpoint answered ${response.status}`);
  }
}
