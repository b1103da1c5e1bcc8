import { createRequire } from 'node:module';
import { assertSendable } from '../../shared/mns/body.ts';
import type { MessageQueue, ReceivedMessage } from '../../shared/mns/queue.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { escapeXml } from '../../shared/runtime/xml.ts';

/** The used part of the official SDK, which has no types. */
export interface AlicloudMns {
  sendMessage(queue: string, message: Readonly<Record<string, string | number>>): Promise<SdkAnswer>;
  batchReceiveMessage(queue: string, count: number, waitSeconds: number): Promise<SdkAnswer>;
  batchPeekMessage(queue: string, count: number): Promise<SdkAnswer>;
  batchDeleteMessage(queue: string, receiptHandles: readonly string[]): Promise<SdkAnswer>;
  changeMessageVisibility(queue: string, receiptHandle: string, seconds: number): Promise<SdkAnswer>;
  getQueueAttributes(queue: string): Promise<SdkAnswer>;
}

interface SdkAnswer {
  readonly code: number;
  readonly body?: unknown;
}

type Fields = Readonly<Record<string, string>>;

export interface AlicloudMnsOptions {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

const Client = createRequire(import.meta.url)('@alicloud/mns') as new (
  accountId: string,
  options: AlicloudMnsOptions,
) => AlicloudMns;

export function createAlicloudMns(options: AlicloudMnsOptions): AlicloudMns {
  return new Client('1234567890123456', options);
}

/**
 * The official SDK as a `MessageQueue`, to test the local server with an independent client. Its caller must
 * escape values for XML, and cannot stop a poll.
 */
export function createAlicloudMnsQueue(sdk: AlicloudMns, name: string): MessageQueue {
  return {
    name,

    async receive({ max, waitSeconds }) {
      const messages = await call(() => sdk.batchReceiveMessage(name, max, waitSeconds)).catch(noneWhenEmpty);
      return messages.map((message) => ({
        ...toMessage(message),
        receiptHandle: message.ReceiptHandle!,
        nextVisibleTime: Number(message.NextVisibleTime),
      }));
    },

    async peek(max) {
      const messages = await call(() => sdk.batchPeekMessage(name, max)).catch(noneWhenEmpty);
      return messages.map(toMessage);
    },

    async delete(receiptHandles) {
      if (receiptHandles.length === 0) return [];
      const failures = await call(() =>
        sdk.batchDeleteMessage(
          name,
          receiptHandles.map((handle) => escapeXml(handle)),
        ),
      );
      return failures.map((failure) => ({
        receiptHandle: failure.ReceiptHandle!,
        code: failure.ErrorCode!,
        message: failure.ErrorMessage!,
      }));
    },

    async changeVisibility(receiptHandle, seconds) {
      const [change] = await call(() => sdk.changeMessageVisibility(name, receiptHandle, seconds));
      return {
        receiptHandle: change!.ReceiptHandle!,
        nextVisibleTime: Number(change!.NextVisibleTime),
      };
    },

    async send(body, { delaySeconds, priority } = {}) {
      assertSendable(body);
      const [message] = await call(() =>
        sdk.sendMessage(name, {
          MessageBody: escapeXml(body),
          ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
          ...(priority !== undefined && { Priority: priority }),
        }),
      );
      return { messageId: message!.MessageId!, bodyMD5: message!.MessageBodyMD5! };
    },

    async attributes() {
      const [queue] = await call(() => sdk.getQueueAttributes(name));
      const number = (field: string) => Number(queue![field]);
      return {
        activeMessages: number('ActiveMessages'),
        inactiveMessages: number('InactiveMessages'),
        delayMessages: number('DelayMessages'),
      };
    },
  };
}

/** Errors of the SDK differ only in their name: `MNS<Code>Error`. */
async function call(work: () => Promise<SdkAnswer>): Promise<Fields[]> {
  try {
    const { body } = await work();
    if (body === undefined) return [];
    return (Array.isArray(body) ? body : [body]) as Fields[];
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    const code = /^MNS(.*?)Error$/.exec(name)?.[1];
    if (code === 'ReceiptHandleError') throw new AppError('MessageNotExist', String(error), { cause: error });
    if (code === 'MessageNotExist' || code === 'QueueNotExist' || code === 'AccessDenied')
      throw new AppError(code, String(error));
    throw new AppError(code === undefined ? 'Unexpected' : 'InvalidRequest', String(error), {
      cause: error,
    });
  }
}

function noneWhenEmpty(error: unknown): Fields[] {
  if (error instanceof AppError && error.code === 'MessageNotExist') return [];
  throw error;
}

function toMessage(message: Fields): Omit<ReceivedMessage, 'receiptHandle' | 'nextVisibleTime'> {
  return {
    messageId: message.MessageId!,
    body: message.MessageBody!,
    bodyMD5: message.MessageBodyMD5!,
    enqueueTime: Number(message.EnqueueTime),
    firstDequeueTime: Number(message.FirstDequeueTime),
    dequeueCount: Number(message.DequeueCount),
    priority: Number(message.Priority),
  };
}
