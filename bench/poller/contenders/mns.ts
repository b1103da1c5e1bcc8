import { createRequire } from 'node:module';

/** What the official SDK gives of a queue, as far as it is used. */
export interface SdkQueue {
  batchReceiveMessage(queue: string, max: number, waitSeconds: number): Promise<{ body: SdkMessage[] }>;
  batchDeleteMessage(queue: string, receiptHandles: string[]): Promise<unknown>;
}

export interface SdkMessage {
  readonly MessageBody: string;
  readonly ReceiptHandle: string;
}

/** Its long poll of 30 s always fails, as its limit of an idle connection is as long. */
export const WAIT_SECONDS = 20;

export function connect(url: string): SdkQueue {
  const Client = createRequire(import.meta.url)('@alicloud/mns');
  return new Client('1', { accessKeyId: 'id', accessKeySecret: 'secret', endpoint: url });
}

/** An empty queue and a failure are both thrown. */
export async function receive(queue: SdkQueue, max: number): Promise<SdkMessage[]> {
  try {
    return (await queue.batchReceiveMessage('bench', max, WAIT_SECONDS)).body;
  } catch (error) {
    if (error instanceof Error && error.name.includes('MessageNotExist')) return [];
    throw error;
  }
}
