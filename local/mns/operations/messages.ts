import { queueAddress } from '../../../shared/mns/account.ts';
import { MAX_BATCH, MAX_MESSAGE_BYTES } from '../../../shared/mns/limits.ts';
import { childrenOf, childText, type XmlElement, type XmlFields } from '../../../shared/runtime/xml.ts';
import { MnsRefusal } from '../errors.ts';
import type { NewMessage, Queues } from '../queues.ts';
import { bounded } from '../settings.ts';
import type { StoredMessage } from '../store/queue-state.ts';
import { type MnsAnswer, type MnsRequest, xmlAnswer } from '../wire.ts';

export function messageOperations(queues: Queues, owner: { region: string; accountId: string }) {
  return {
    async sendMessage({ params, body }: MnsRequest): Promise<MnsAnswer> {
      const { settings } = queues.get(params.queue);
      const message = readMessage(body, settings.maximumMessageSize);
      const [sent] = await queues.send(params.queue, [message]);
      return xmlAnswer(201, 'Message', sentFields(sent!));
    },

    /** Sends the valid messages; if some are invalid, the status is 500 and an error stands in the place of each. */
    async batchSendMessage({ params, body }: MnsRequest): Promise<MnsAnswer> {
      const { settings } = queues.get(params.queue);
      const elements = batchOf(body, 'Message');
      const messages = elements.map((element) =>
        outcomeOf(() => readMessage(element, settings.maximumMessageSize)),
      );
      const accepted = messages.filter((message): message is NewMessage => !(message instanceof MnsRefusal));
      if (sum(accepted.map(({ body }) => Buffer.byteLength(body))) > MAX_MESSAGE_BYTES) {
        throw new MnsRefusal(
          'InvalidArgument',
          `The length of all messages should not be larger than ${MAX_MESSAGE_BYTES}.`,
        );
      }
      const sent = accepted.length > 0 ? await queues.send(params.queue, accepted) : [];
      const entries = messages.map((message) =>
        message instanceof MnsRefusal ? failureFields(message) : sentFields(sent.shift()!),
      );
      const status = accepted.length === messages.length ? 201 : 500;
      return xmlAnswer(status, 'Messages', { Message: entries });
    },

    async receiveMessage({ params, query, signal }: MnsRequest): Promise<MnsAnswer> {
      const { settings } = queues.get(params.queue);
      const batch = query.has('numofmessages');
      const received = await queues.receive(params.queue, {
        max: bounded('numOfMessages', query.get('numofmessages')),
        waitMs: 1000 * bounded('waitseconds', query.get('waitseconds'), settings.pollingWaitSeconds),
        signal,
      });
      const messages = received.map((message) => receivedFields(message, owner));
      const undelivered = () => queues.giveBack(params.queue, received);
      return { ...messagesAnswer(messages, batch), undelivered };
    },

    async peekMessage({ params, query }: MnsRequest): Promise<MnsAnswer> {
      const batch = query.has('numofmessages');
      const peeked = queues.peek(params.queue, bounded('numOfMessages', query.get('numofmessages')));
      const messages = peeked.map((message) => storedFields(message, owner));
      return messagesAnswer(messages, batch);
    },

    async deleteMessage({ params, query }: MnsRequest): Promise<MnsAnswer> {
      const [failure] = await queues.deleteMessages(params.queue, [receiptHandleOf(query)]);
      if (failure) throw failure.refusal;
      return { status: 204 };
    },

    async batchDeleteMessage({ params, body }: MnsRequest): Promise<MnsAnswer> {
      if (!body) throw new MnsRefusal('MissingReceiptHandle');
      const handles = batchOf(body, 'ReceiptHandle').map((element) => element.text.trim());
      const failures = await queues.deleteMessages(params.queue, handles);
      if (failures.length === 0) return { status: 204 };
      const entries = failures.map(({ handle, refusal }) => ({
        ...failureFields(refusal),
        ReceiptHandle: handle,
      }));
      return xmlAnswer(404, 'Errors', { Error: entries });
    },

    async changeMessageVisibility({ params, query }: MnsRequest): Promise<MnsAnswer> {
      const timeout = query.get('visibilitytimeout');
      if (timeout === undefined) throw new MnsRefusal('MissingVisibilityTimeout');
      const seconds = bounded('VisibilityTimeout', timeout);
      const changed = await queues.changeVisibility(params.queue, receiptHandleOf(query), seconds);
      const fields = { ReceiptHandle: changed.receiptHandle, NextVisibleTime: changed.visibleAt };
      return xmlAnswer(200, 'ChangeVisibility', fields);
    },
  };
}

/** `<Message>{MessageBody, DelaySeconds?, Priority?}` */
function readMessage(element: XmlElement | undefined, maximumSize: number): NewMessage {
  const body = element && childText(element, 'MessageBody');
  // guess: an empty body is refused like a missing one.
  if (!element || !body) throw new MnsRefusal('MalformedXML');
  checkSize(body, maximumSize);
  const delay = childText(element, 'DelaySeconds');
  return {
    body,
    delaySeconds: delay === undefined ? undefined : bounded('DelaySeconds', delay),
    priority: bounded('Priority', childText(element, 'Priority')),
  };
}

export function checkSize(body: string, maximumSize: number): void {
  if (Buffer.byteLength(body) <= maximumSize) return;
  // guess: the wording.
  throw new MnsRefusal(
    'InvalidArgument',
    `The length of message should not be larger than MaximumMessageSize ${maximumSize}.`,
  );
}

function batchOf(body: XmlElement | undefined, name: string): XmlElement[] {
  const elements = body ? childrenOf(body, name) : [];
  if (elements.length === 0) throw new MnsRefusal('MalformedXML');
  if (elements.length > MAX_BATCH) {
    throw new MnsRefusal('InvalidArgument', `A batch should have 1 to ${MAX_BATCH} entries.`);
  }
  return elements;
}

function receiptHandleOf(query: MnsRequest['query']): string {
  const handle = query.get('receipthandle');
  if (!handle) throw new MnsRefusal('MissingReceiptHandle');
  return handle;
}

function messagesAnswer(messages: readonly XmlFields[], batch: boolean): MnsAnswer {
  const [first] = messages;
  if (!first) throw new MnsRefusal('MessageNotExist');
  return batch ? xmlAnswer(200, 'Messages', { Message: messages }) : xmlAnswer(200, 'Message', first);
}

/** doc: a delayed message has a receipt handle, by which its sender may delete it. */
function sentFields({ id, bodyMD5, visibility }: StoredMessage): XmlFields {
  return { MessageId: id, MessageBodyMD5: bodyMD5, ReceiptHandle: visibility.receiptHandle };
}

function storedFields(message: StoredMessage, owner: { region: string; accountId: string }): XmlFields {
  return {
    MessageId: message.id,
    MessageBodyMD5: message.bodyMD5,
    MessageBody: message.body,
    EnqueueTime: message.enqueueTime,
    // guess: a message that was never received shows its enqueue time.
    FirstDequeueTime: message.visibility.firstDequeueTime ?? message.enqueueTime,
    DequeueCount: message.visibility.dequeueCount,
    Priority: message.priority,
    SystemProperties: message.deadLetterOf && {
      SystemPropertyValue: [
        systemProperty('DLQSourceArn', queueAddress(owner, message.deadLetterOf.queue)),
        systemProperty('DLQOriginMessageId', message.deadLetterOf.messageId),
      ],
    },
  };
}

function receivedFields(message: StoredMessage, owner: { region: string; accountId: string }): XmlFields {
  const { MessageId, ...rest } = storedFields(message, owner);
  const { receiptHandle, visibleAt } = message.visibility;
  return { MessageId, ReceiptHandle: receiptHandle, ...rest, NextVisibleTime: visibleAt };
}

function systemProperty(name: string, value: string): XmlFields {
  return { Name: name, Value: value, Type: 'STRING' };
}

function failureFields(refusal: MnsRefusal): XmlFields {
  return { ErrorCode: refusal.code, ErrorMessage: refusal.message };
}

function outcomeOf<T>(work: () => T): T | MnsRefusal {
  try {
    return work();
  } catch (error) {
    if (error instanceof MnsRefusal) return error;
    throw error;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
