import { createRequire } from 'node:module';

/** The methods of the official SDK that are used. */
export interface SdkQueue {
  batchReceiveMessage(queue: string, max: number, waitSeconds: number): Promise<{ body: SdkMessage[] }>;
  batchDeleteMessage(queue: string, receiptHandles: string[]): Promise<unknown>;
}

export interface SdkMessage {
  readonly MessageBody: string;
  readonly ReceiptHandle: string;
}

/** Long polling of 30 s always fails, because the SDK closes idle connections after the same time. */
export const WAIT_SECONDS = 20;

export function connect(url: string): SdkQueue {
  const Client = createRequire(import.meta.url)('@alicloud/mns');
  return new Client('1', { accessKeyId: 'id', accessKeySecret: 'secret', endpoint: url });
}

/** The SDK throws for an empty queue as for a failure. */
export async function receive(queue: SdkQueue, max: number): Promise<SdkMessage[]> {
  try {
    return (await queue.batchReceiveMessage('bench', max, WAIT_SECONDS)).body;
  } catch (error) {
    if (error instanceof Error && error.name.includes('MessageNotExist')) return [];
    throw error;
  }
}
