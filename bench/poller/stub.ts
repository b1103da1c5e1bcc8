/**
 * One queue in memory that speaks MNS and SQS with the same delay per request, so that only the contenders
 * differ. It runs in its own process, checks no signature, and counts requests.
 *
 *     node dist/stub.js <messages> <visibility ms> <delay ms>
 */
import { createHash } from 'node:crypto';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

interface Message {
  readonly id: string;
  readonly body: string;
  readonly md5: string;
  readonly enqueued: number;
  dequeued: number;
  firstDequeued: number;
  handle: string;
  hiddenUntil: number;
}

export interface StubCounts {
  receives: number;
  deletes: number;
  others: number;
  refused: number;
  deleted: number;
  visible: number;
  hidden: number;
  /** Milliseconds from the first request to the last delete that succeeded. */
  elapsedMs: number;
}

const [count = 0, visibilityMs = 30_000, delayMs = 2] = process.argv.slice(2).map(Number);
const BODY_BYTES = 600;

const visible: Message[] = [];
const hidden = new Map<string, Message>();
const counts = { receives: 0, deletes: 0, others: 0, refused: 0, deleted: 0 };
let firstAt = 0;
let lastDeleteAt = 0;
let handles = 0;
let isDown = false;

function send(index: number): void {
  const body = JSON.stringify({ index, padding: '' });
  const padded = JSON.stringify({ index, padding: 'x'.repeat(BODY_BYTES - body.length) });
  visible.push({
    id: index.toString(16).toUpperCase().padStart(32, '0'),
    body: padded,
    md5: createHash('md5').update(padded).digest('hex'),
    enqueued: Date.now(),
    dequeued: 0,
    firstDequeued: 0,
    handle: '',
    hiddenUntil: 0,
  });
}

function expire(): void {
  const now = Date.now();
  for (const message of hidden.values()) {
    if (message.hiddenUntil > now) continue;
    hidden.delete(message.handle);
    visible.push(message);
  }
}

function hide(message: Message, ms: number): void {
  hidden.delete(message.handle);
  message.handle = `8-${++handles}`;
  message.hiddenUntil = Date.now() + ms;
  hidden.set(message.handle, message);
}

function take(max: number): Message[] {
  expire();
  const taken = visible.splice(0, max);
  for (const message of taken) {
    message.dequeued++;
    message.firstDequeued ||= Date.now();
    hide(message, visibilityMs);
  }
  return taken;
}

/** Checks every 20 ms, which is enough because the queue is filled before the contender starts. */
async function receive(max: number, waitSeconds: number, request: http.IncomingMessage): Promise<Message[]> {
  counts.receives++;
  const until = Date.now() + waitSeconds * 1000;
  for (;;) {
    const taken = take(max);
    if (taken.length > 0 || Date.now() >= until || request.socket.destroyed) return taken;
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
  }
}

function remove(handle: string): boolean {
  expire();
  const done = hidden.delete(handle);
  if (done) {
    counts.deleted++;
    lastDeleteAt = performance.now();
  }
  return done;
}

function change(handle: string, seconds: number): Message | undefined {
  expire();
  const message = hidden.get(handle);
  if (!message) return undefined;
  hide(message, seconds * 1000);
  if (seconds === 0) expire();
  return message;
}

type Answer = { status: number; body: string; type: string };

async function mns(request: http.IncomingMessage, body: string): Promise<Answer> {
  const url = new URL(request.url!, 'http://stub');
  const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  const xml = (status: number, text: string) => ({
    status,
    body: `<?xml version="1.0"?>${text}`,
    type: 'text/xml',
  });
  const absent = xml(
    404,
    '<Error><Code>MessageNotExist</Code><Message>Message not exist.</Message><RequestId>1</RequestId><HostId>http://stub</HostId></Error>',
  );
  if (request.method === 'GET') {
    const taken = await receive(
      Number(query.get('numofmessages') ?? 1),
      Number(query.get('waitseconds') ?? 0),
      request,
    );
    return taken.length === 0 ? absent : xml(200, `<Messages>${taken.map(messageXml).join('')}</Messages>`);
  }
  if (request.method === 'PUT') {
    counts.others++;
    const changed = change(query.get('receipthandle')!, Number(query.get('visibilitytimeout')));
    if (!changed) return absent;
    return xml(
      200,
      `<ChangeVisibility><ReceiptHandle>${changed.handle}</ReceiptHandle><NextVisibleTime>${changed.hiddenUntil}</NextVisibleTime></ChangeVisibility>`,
    );
  }
  counts.deletes++;
  const batch = [...body.matchAll(/<ReceiptHandle>([^<]+)</g)].map((match) => match[1]!);
  const handle = query.get('receipthandle');
  const failed = (handle ? [handle] : batch).filter((each) => !remove(each));
  if (failed.length === 0) return { status: 204, body: '', type: 'text/xml' };
  return xml(
    404,
    `<Errors>${failed.map((each) => `<Error><ErrorCode>MessageNotExist</ErrorCode><ErrorMessage>Message not exist.</ErrorMessage><ReceiptHandle>${each}</ReceiptHandle></Error>`).join('')}</Errors>`,
  );
}

function messageXml(message: Message): string {
  const fields = {
    MessageId: message.id,
    ReceiptHandle: message.handle,
    MessageBody: message.body.replaceAll('"', '&quot;'),
    MessageBodyMD5: message.md5.toUpperCase(),
    EnqueueTime: message.enqueued,
    NextVisibleTime: message.hiddenUntil,
    FirstDequeueTime: message.firstDequeued,
    DequeueCount: message.dequeued,
    Priority: 8,
  };
  return `<Message>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</Message>`;
}

interface SqsEntry {
  readonly Id: string;
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout?: number;
}

async function sqs(request: http.IncomingMessage, body: string): Promise<Answer> {
  const action = String(request.headers['x-amz-target']).split('.')[1];
  const input = JSON.parse(body);
  const json = (value: unknown, status = 200) => ({
    status,
    body: JSON.stringify(value),
    type: 'application/x-amz-json-1.0',
  });
  const each = (entries: SqsEntry[], work: (entry: SqsEntry) => boolean) => {
    const done = entries.filter(work);
    const failed = entries.filter((entry) => !done.includes(entry));
    return json({
      Successful: done.map(({ Id }) => ({ Id })),
      Failed: failed.map(({ Id }) => ({ Id, Code: 'ReceiptHandleIsInvalid', SenderFault: true })),
    });
  };
  switch (action) {
    case 'ReceiveMessage': {
      const taken = await receive(input.MaxNumberOfMessages ?? 1, input.WaitTimeSeconds ?? 0, request);
      return json({
        Messages: taken.map(({ id, handle, body, md5 }) => ({
          MessageId: id,
          ReceiptHandle: handle,
          Body: body,
          MD5OfBody: md5,
        })),
      });
    }
    case 'DeleteMessage':
      counts.deletes++;
      remove(input.ReceiptHandle);
      return json({});
    case 'DeleteMessageBatch':
      counts.deletes++;
      return each(input.Entries, ({ ReceiptHandle }) => remove(ReceiptHandle));
    case 'ChangeMessageVisibility':
      counts.others++;
      changeInPlace(input.ReceiptHandle, input.VisibilityTimeout);
      return json({});
    case 'ChangeMessageVisibilityBatch':
      counts.others++;
      return each(input.Entries, (entry) => changeInPlace(entry.ReceiptHandle, entry.VisibilityTimeout ?? 0));
    default:
      counts.others++;
      return json({
        QueueUrl: 'http://stub/queue',
        Attributes: { VisibilityTimeout: String(visibilityMs / 1000), MaximumMessageSize: '65536' },
      });
  }
}

/** SQS keeps the receipt handle. */
function changeInPlace(handle: string, seconds: number): boolean {
  expire();
  const message = hidden.get(handle);
  if (message) message.hiddenUntil = Date.now() + seconds * 1000;
  return message !== undefined;
}

async function control(command: string): Promise<Answer> {
  if (command === '/control/down') isDown = true;
  if (command === '/control/up') isDown = false;
  expire();
  const elapsedMs = lastDeleteAt - firstAt;
  const body = JSON.stringify({
    ...counts,
    visible: visible.length,
    hidden: hidden.size,
    elapsedMs,
  } satisfies StubCounts);
  return { status: 200, body, type: 'application/json' };
}

const server = http.createServer(async (request, response) => {
  const isControl = request.url!.startsWith('/control/');
  if (isDown && !isControl) {
    counts.refused++;
    request.socket.destroy();
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  if (!isControl) {
    firstAt ||= performance.now();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
  const answer = isControl
    ? await control(request.url!)
    : await (request.headers['x-amz-target'] ? sqs(request, body) : mns(request, body));
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'x-mns-request-id': '1',
    'x-mns-version': '2015-06-06',
  });
  response.end(answer.body);
});

for (let index = 0; index < count; index++) send(index);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () =>
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
);
process.on('disconnect', () => process.exit());
