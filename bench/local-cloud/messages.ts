import { DEFAULT_ACCOUNT } from '../../local/cloud.ts';
import { signMnsV2, stringToSignMnsV2 } from '../../shared/mns/signature.ts';
import { createSender, type Load, load } from './load.ts';

const CLIENTS = 8;
const REQUESTS_PER_MESSAGE = 3;
const VERSION = { 'x-mns-version': '2015-06-06' };

/**
 * Each client sends, receives and deletes one message at a time. Every message must come once, and none may be left. The
 * client does no more than that of the other queues: it takes what it needs out of the XML.
 */
export async function measureMessages(mnsUrl: string, count: number): Promise<Load> {
  const { send, close } = createSender(mnsUrl, CLIENTS);
  const call = async (method: string, target: string, body?: string) => {
    const headers = {
      ...VERSION,
      date: new Date().toUTCString(),
      'content-type': 'text/xml',
    };
    const signature = signMnsV2(
      DEFAULT_ACCOUNT.accessKeySecret,
      stringToSignMnsV2({ method, headers, target }),
    );
    const authorization = `MNS ${DEFAULT_ACCOUNT.accessKeyId}:${signature}`;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    return (await send(method, target, { ...headers, authorization }, bytes)).toString();
  };
  await call('PUT', '/queues/bench', '<Queue/>');
  const seen = new Set<string>();
  const done = await load(count, CLIENTS, async (index) => {
    const text = `<Message><MessageBody>message ${index}</MessageBody></Message>`;
    await call('POST', '/queues/bench/messages', text);
    const message = await call('GET', '/queues/bench/messages?waitseconds=10');
    const body = textOf('MessageBody', message);
    if (body === '' || seen.has(body)) throw new Error(`received "${body}" after ${seen.size}`);
    seen.add(body);
    const handle = encodeURIComponent(textOf('ReceiptHandle', message));
    await call('DELETE', `/queues/bench/messages?ReceiptHandle=${handle}`);
  });
  const queue = await call('GET', '/queues/bench');
  const left = Number(textOf('ActiveMessages', queue)) + Number(textOf('InactiveMessages', queue));
  if (seen.size !== count || left > 0)
    throw new Error(`${seen.size} of ${count} were received, ${left} are left`);
  await call('DELETE', '/queues/bench');
  close();
  return done;
}

/** The text of the first element with this name; none if there is no such element. */
export function textOf(element: string, document: string): string {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(document)?.[1] ?? '';
}

/** The same number of requests to an empty server, without XML and signatures. */
export async function measureFloor(url: string, count: number): Promise<Load> {
  const { send, close } = createSender(url, CLIENTS);
  const body = Buffer.alloc(150, 'x');
  const done = await load(count, CLIENTS, async () => {
    for (let request = 0; request < REQUESTS_PER_MESSAGE; request++) await send('POST', '/', {}, body);
  });
  close();
  return done;
}
