import { encodeRfc3986 } from '../runtime/aliyun-v4.ts';
import { AppError } from '../runtime/errors.ts';
import { childrenOf, childText, type XmlElement } from '../runtime/xml.ts';
import { assertSendable } from './body.ts';
import type { DeleteFailure, MessageQueue, ReceivedMessage } from './queue.ts';
import type { MnsResponse, SendMns } from './requests.ts';

/** Milliseconds by which the answer of a long poll may be late. */
const LONG_POLL_GRACE_MS = 10_000;

/** One queue over HTTP. Every call is one attempt: the caller decides about the next one. */
export function createWireQueue(send: SendMns, name: string): MessageQueue {
  const path = `/queues/${encodeRfc3986(name)}`;
  const messagesPath = `${path}/messages`;

  return {
    name,

    async receive({ max, waitSeconds, signal }) {
      // Always sent: otherwise the queue's own default would apply.
      const { document } = await send(
        {
          method: 'GET',
          path: messagesPath,
          query: `numOfMessages=${max}&waitseconds=${waitSeconds}`,
          timeoutMs: waitSeconds > 0 ? waitSeconds * 1000 + LONG_POLL_GRACE_MS : undefined,
          signal,
        },
        isEmptyQueue,
      );
      // No spread: it would take longer than reading all the fields.
      return messagesOf(document).map((message) =>
        Object.assign(toMessage(message), {
          receiptHandle: required(message, 'ReceiptHandle'),
          nextVisibleTime: number(message, 'NextVisibleTime'),
        }),
      );
    },

    async peek(max) {
      const { document } = await send(
        { method: 'GET', path: messagesPath, query: `peekonly=true&numOfMessages=${max}` },
        isEmptyQueue,
      );
      return messagesOf(document).map(toMessage);
    },

    async delete(receiptHandles) {
      if (receiptHandles.length === 0) return [];
      const { document } = await send(
        { method: 'DELETE', path: messagesPath, body: ['ReceiptHandles', { ReceiptHandle: receiptHandles }] },
        ({ status, document }) => status === 404 && document?.name === 'Errors',
      );
      return document ? childrenOf(document, 'Error').map(toFailure) : [];
    },

    async changeVisibility(receiptHandle, seconds) {
      const { document } = await send({
        method: 'PUT',
        path: messagesPath,
        query: `receiptHandle=${encodeRfc3986(receiptHandle)}&visibilityTimeout=${seconds}`,
      });
      const change = expectRoot(document, 'ChangeVisibility');
      return {
        receiptHandle: required(change, 'ReceiptHandle'),
        nextVisibleTime: number(change, 'NextVisibleTime'),
      };
    },

    async send(body, { delaySeconds, priority } = {}) {
      assertSendable(body);
      const { document } = await send({
        method: 'POST',
        path: messagesPath,
        body: ['Message', { MessageBody: body, DelaySeconds: delaySeconds, Priority: priority }],
      });
      const message = expectRoot(document, 'Message');
      return { messageId: required(message, 'MessageId'), bodyMD5: required(message, 'MessageBodyMD5') };
    },

    async attributes() {
      const { document } = await send({ method: 'GET', path });
      const queue = expectRoot(document, 'Queue');
      return {
        activeMessages: number(queue, 'ActiveMessages'),
        inactiveMessages: number(queue, 'InactiveMessages'),
        delayMessages: number(queue, 'DelayMessages'),
      };
    },
  };
}

/** Throws `ServiceUnavailable` when a successful answer is not the expected document. */
function expectRoot(document: XmlElement | undefined, name: string): XmlElement {
  if (document?.name === name) return document;
  throw unexpected(`expected a <${name}>, got ${document ? `a <${document.name}>` : 'nothing'}`);
}

function isEmptyQueue({ status, document }: MnsResponse): boolean {
  return status === 404 && document?.name === 'Error' && childText(document, 'Code') === 'MessageNotExist';
}

function messagesOf(document: XmlElement | undefined): XmlElement[] {
  if (document?.name === 'Error') return [];
  return childrenOf(expectRoot(document, 'Messages'), 'Message');
}

function toMessage(message: XmlElement): Omit<ReceivedMessage, 'receiptHandle' | 'nextVisibleTime'> {
  return {
    messageId: required(message, 'MessageId'),
    body: required(message, 'MessageBody'),
    bodyMD5: required(message, 'MessageBodyMD5'),
    enqueueTime: number(message, 'EnqueueTime'),
    firstDequeueTime: number(message, 'FirstDequeueTime'),
    dequeueCount: number(message, 'DequeueCount'),
    priority: number(message, 'Priority'),
  };
}

function toFailure(error: XmlElement): DeleteFailure {
  return {
    receiptHandle: required(error, 'ReceiptHandle'),
    code: required(error, 'ErrorCode'),
    message: childText(error, 'ErrorMessage') ?? '',
  };
}

function number(element: XmlElement, name: string): number {
  const text = required(element, name);
  const value = Number(text);
  if (text !== '' && Number.isFinite(value)) return value;
  throw unexpected(`<${name}> of a <${element.name}> is not a number`);
}

function required(element: XmlElement, name: string): string {
  const text = childText(element, name);
  if (text === undefined) throw unexpected(`<${element.name}> has no <${name}>`);
  return text;
}

function unexpected(why: string): AppError {
  return new AppError('ServiceUnavailable', `the answer of MNS cannot be understood: ${why}`);
}
